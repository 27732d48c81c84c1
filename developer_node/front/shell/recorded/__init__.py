"""The recorded shell: one process passes bytes, another one reads along and keeps records."""
