"""Figures from arrays and from evidence's records."""
