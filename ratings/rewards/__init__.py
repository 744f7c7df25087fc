"""10 · Reward models: learn from a release, evaluate, publish."""
