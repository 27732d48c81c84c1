"""The nouns: frozen dataclasses that know nothing of the wire or of storage."""
