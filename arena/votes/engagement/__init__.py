"""What voters did with the outputs before the vote, and what an arena asks of it."""
