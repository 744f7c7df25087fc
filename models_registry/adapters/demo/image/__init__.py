"""Demo image generators: procedural pictures drawn with numpy and Pillow, no weights."""
