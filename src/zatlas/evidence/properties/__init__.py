"""What pictures are measured by: attributes of pixels, and probes of factors."""
