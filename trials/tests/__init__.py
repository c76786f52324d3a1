"""Tests of the trials: `pytest trials`."""
