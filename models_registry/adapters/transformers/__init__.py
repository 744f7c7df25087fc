"""Text and music models of the transformers library, run in this process."""
