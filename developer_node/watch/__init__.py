"""What watches a developer's machine: each source runs until it is cancelled."""
