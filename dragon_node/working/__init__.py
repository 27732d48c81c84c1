"""What a Dragon does of the mesh's tasks."""
