"""What the pages around a board report: pairs, one model, the course of ratings, its footing."""
