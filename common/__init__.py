"""What at least two of the three daemons need."""
