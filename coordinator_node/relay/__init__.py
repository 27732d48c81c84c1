"""Calls between nodes that have no direct way to each other."""
