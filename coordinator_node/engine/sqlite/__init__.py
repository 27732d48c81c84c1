"""The four ports over one SQLite file."""
