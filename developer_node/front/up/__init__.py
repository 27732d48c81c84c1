"""The three daemons of one machine: started, watched over and stopped together."""
