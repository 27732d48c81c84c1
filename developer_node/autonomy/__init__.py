"""What may be done without asking, and doing it: in a worktree, verified, taken back by one key."""
