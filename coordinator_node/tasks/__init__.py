"""The backlog: what is to be done, who may do it, and what came of it."""
