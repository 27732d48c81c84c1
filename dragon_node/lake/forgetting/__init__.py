"""Forgetting: a directory, an hour or a secret is found, taken out everywhere, and looked for."""
