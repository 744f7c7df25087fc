"""The arenas: what is asked, of which modality, and by which rules."""
