"""The one thread that owns MLX, and who gets its next step."""
