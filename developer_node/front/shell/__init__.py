"""Commands recorded together with the ground that they stood on."""
