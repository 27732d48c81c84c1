"""The near mirror: what the Dragon remembers of failures and of late, kept on the laptop too."""
