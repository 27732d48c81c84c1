"""What the SSD keeps of the lake's files, and how they come back."""
