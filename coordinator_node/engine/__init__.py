"""Where the Coordinator's state lives."""
