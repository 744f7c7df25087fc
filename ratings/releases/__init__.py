"""9 · Dataset releases: immutable files under a manifest of digests."""
