"""A second Dragon that holds what the first one holds, and takes its place."""
