"""The owner's key, which no Coordinator sees, and what this laptop signs with it."""
