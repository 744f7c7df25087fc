"""6 · Verdicts: which votes count, which are held or left out, and why."""
