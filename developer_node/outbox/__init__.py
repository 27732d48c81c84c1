"""What waits on the laptop until the Dragon has it on disk."""
