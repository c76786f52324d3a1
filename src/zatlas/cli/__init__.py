"""The command line: asks the rooms above and shows what they answer."""

from zatlas.cli.program import main

__all__ = ["main"]
