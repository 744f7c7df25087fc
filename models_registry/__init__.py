"""Who competes: organisations, models, their immutable revisions, and how each is run."""
