"""Tries remedies again: the failing tree rebuilt, in a sandbox, red without and green with it."""
