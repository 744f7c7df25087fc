"""Choose contestants, with the exact probability of the choice. Plain Python."""
