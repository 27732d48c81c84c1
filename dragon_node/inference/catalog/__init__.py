"""Which models there are, what each needs, and which of them the owner pinned."""
