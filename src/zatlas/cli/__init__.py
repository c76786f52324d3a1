"""The command line: it calls workflows and shows their results."""

from __future__ import annotations

import sys

from zatlas.cli import interrupts

TYPE_CHECKING = False  # few imports stand before the handler of Ctrl-C
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit. Ctrl-C gives one line at any time, while it starts too."""
    try:
        interrupts.handle()
        from zatlas.cli import program  # takes 0.2 seconds to import

        program.main(args)
    except KeyboardInterrupt:
        print(f"zatlas: {interrupts.STOPPED}", file=sys.stderr)
        sys.exit(interrupts.STATUS)
    finally:
        interrupts.ignore()  # the work is done; Python still takes a moment to end


__all__ = ["main"]
