"""1 · A prompt arrives."""
