"""Calls sealed end to end: what a Coordinator carries between two nodes and cannot read."""
