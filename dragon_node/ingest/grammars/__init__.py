"""One file a family of languages: which nodes define, how they are named, what is imported."""
