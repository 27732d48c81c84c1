"""What a laptop does of the mesh's tasks."""
