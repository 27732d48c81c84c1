"""What can be wrong on this machine, looked for one by one and said in plain sentences."""
