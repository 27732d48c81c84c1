"""Brings in what other tools have kept, and says what they could not tell."""
