"""The checks of a finished training, each a record of numbers with its sentence."""
