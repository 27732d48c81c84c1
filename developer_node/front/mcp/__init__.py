"""What agents are given: the memory of this laptop over the Model Context Protocol."""
