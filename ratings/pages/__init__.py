"""The pages that show every room at once: the front page and the documentation."""
