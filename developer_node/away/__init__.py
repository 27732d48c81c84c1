"""While the Dragon is away: what this laptop answers by itself, and how it says so."""
