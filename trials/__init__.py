"""Measurements and a benchmark that are tested and not yet part of zatlas (README.md)."""
