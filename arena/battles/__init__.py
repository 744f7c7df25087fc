"""2 · Which models, which seats, with which probability; the battle's life."""
