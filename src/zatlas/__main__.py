"""``python -m zatlas`` is the command line."""

from zatlas.cli import main

main()
