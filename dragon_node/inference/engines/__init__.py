"""Loaded models that make tokens, on MLX's owner thread."""
