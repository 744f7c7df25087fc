"""Demo generators that look at the picture of a prompt: pixels counted with numpy, no weights."""
