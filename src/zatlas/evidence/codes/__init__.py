"""What the codes themselves show: usage, stability, disentanglement."""
