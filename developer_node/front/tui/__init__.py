"""The terminal screens: what the laptop knows, live, for a person."""
