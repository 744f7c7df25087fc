"""Text generators of the demo: they know only the documentation that ships with Python."""
