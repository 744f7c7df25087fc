"""5 · The sealed record: commitments, checkpoints, receipts, checks."""
