"""What is true of text and of a working copy before anything is kept, for both wings."""
