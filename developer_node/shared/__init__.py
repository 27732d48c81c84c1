"""What this laptop shares with its owner's others: a replica that needs nobody to be edited."""
