"""Questions that more than one Dragon can answer."""
