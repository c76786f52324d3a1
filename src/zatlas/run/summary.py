"""A run as a small table, for notebooks."""

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zatlas.run.run import Run


def html_table(run: "Run") -> str:
    """The folder, the model and the losses of a run as an HTML table."""
    best = run.history[run.best_epoch - 1]
    facts = {
        "folder": run.path, "model": run.name,
        "latent elements": f"{run.model.latent:,}",
        "parameters": f"{run.model.architecture.parameters:,}",
        "best epoch": f"{run.best_epoch} of {len(run.history)}",
        "held-out loss": f"{best.valid_loss:.4g}", "training loss": f"{best.train_loss:.4g}",
    }  # fmt: skip
    rows = (f"<tr><th>{k}</th><td>{escape(str(v))}</td></tr>" for k, v in facts.items())
    return f"<table>{''.join(rows)}</table>"
