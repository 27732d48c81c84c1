"""What people and their tools touch."""
