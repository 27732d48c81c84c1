"""Which node does a piece of work."""
