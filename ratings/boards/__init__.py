"""8 · Tallies, leaderboards, snapshots."""
