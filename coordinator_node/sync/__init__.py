"""What laptops share, as the Coordinators of a mesh keep it together in one engine."""
