"""The machine's memory: who has it, who gets it, who gives it back, and who is refused."""
