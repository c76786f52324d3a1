"""The loop, the order of the images, the checkpoint, resume."""
