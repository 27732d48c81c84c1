"""Models: which there are, where their weights lie, and the threads that run them."""
