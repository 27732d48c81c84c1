"""Finds fixes of the past that carry a test: the first card from the person's own log."""
