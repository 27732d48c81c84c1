"""The Dragon: holds the lake and runs the models."""
