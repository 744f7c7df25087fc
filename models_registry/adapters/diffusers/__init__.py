"""Image and music pipelines of the diffusers library, run in this process."""
