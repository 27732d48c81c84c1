"""The laptop: watches, remembers, and carries what people and their tools touch."""
