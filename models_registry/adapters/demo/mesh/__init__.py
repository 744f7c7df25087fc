"""Demo 3D generators: procedural GLB models built with numpy and trimesh, no weights."""
