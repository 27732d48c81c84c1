"""Numbered steps from one format to the next. A step never changes once landed."""
