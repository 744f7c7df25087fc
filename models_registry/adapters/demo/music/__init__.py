"""Demo music generators: one composer, three synthesisers, no weights."""
