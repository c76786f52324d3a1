"""The command line: it calls workflows and shows their results."""

from zatlas.cli.program import main

__all__ = ["main"]
