"""4 · Vote, rationale, engagement, reveal."""
