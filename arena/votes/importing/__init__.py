"""Read public vote files of other arenas, row by row."""
