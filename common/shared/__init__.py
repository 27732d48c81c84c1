"""What laptops share: pure merges, stamps, vectors and deltas, for two daemons."""
