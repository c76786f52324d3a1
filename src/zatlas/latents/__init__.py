"""Codes: encode and decode in batches, edits, traversals, interpolations, their statistics."""
