"""The failure memory: what failed, what made it pass, and how much of that may be claimed."""
