"""Decoders whose truth is known, and the marks of those who measure them."""
