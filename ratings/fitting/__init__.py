"""Stage 7: what the votes say, as pure maths: arrays in, arrays out, no Django and no settings."""
