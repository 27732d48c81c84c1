"""The stores in RAM and the journal on SSD from which they can be rebuilt."""
