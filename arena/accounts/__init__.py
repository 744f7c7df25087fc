"""People: voters without an account, the terms, and what they agreed to."""
