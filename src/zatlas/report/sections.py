"""The sections of a report, each made from plain data in one call."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zatlas.models.architecture import Architecture, spell
from zatlas.pictures.curves import loss_curves
from zatlas.pictures.diagram import diagram
from zatlas.report.records import Picture, Section
from zatlas.syntax import format_call

Pictures = NDArray[np.uint8]
Record = Mapping[str, Any]

CONFIDENCE = 95  # per cent, of every interval in a report
_EXAMPLES = 4  # images shown of each rank
_ELEMENTS = 4  # elements of an edit that the page lists; the JSON lists all
METRICS = {"mse": "MSE", "psnr": "PSNR", "ssim": "SSIM", "sharpness": "sharpness"}


def data(
    images: Record,
    held_out: Record,
    *,
    examples: Pictures | None = None,
    indexes: Sequence[int] = (),
    note: str = "",
) -> Section:
    """The image sets. ``images`` and ``held_out`` have name, count, size [H, W, C] and source.

    ``examples`` (N, H, W, C) are held-out images with their ``indexes``; ``note`` a sentence on
    how they were chosen, or on a licence.
    """
    pictures: dict[str, Picture] = {
        f"example-{index}": picture
        for index, picture in zip(indexes, () if examples is None else examples, strict=True)
    }
    record = {
        "images": dict(images),
        "held_out": dict(held_out),
        "examples": [{"index": int(index)} for index in indexes],
        "note": note,
        "facts": [
            {"label": "training images", "value": images["count"]},
            {"label": "held-out images", "value": held_out["count"]},
        ],
    }
    return Section("data", "Data", record, pictures)


def architecture(
    network: Architecture, title: str, *, model_file: str = "", command: str = ""
) -> Section:
    """The network: diagram and layer table; ``model_file`` is its YAML."""
    record = {
        "title": title,
        "image": list(network.image),
        "code_shape": spell(network.code_shape),
        "bottleneck": network.bottleneck,
        "latent": network.latent,
        "parameters": network.parameters,
        "encoders": len(network.encoders),
        "layers": [
            {
                "part": row.part,
                "index": row.index,
                "layer": format_call(row.call),
                "gives": spell(row.shape),
                "parameters": row.parameters,
            }
            for row in network.rows
        ],
        "model_file": model_file,
        "command": command,
        "facts": [
            {"label": "parameters", "value": network.parameters},
            {"label": "latent elements", "value": network.latent},
        ],
    }
    return Section("architecture", "Architecture", record, {"diagram": diagram(network, title)})


def training(
    rows: Sequence[Mapping[str, float]],
    best_epoch: int,
    settings: Record,
    *,
    objective: str = "",
    warmup: int = 0,
    machine: Record | None = None,
    versions: Record | None = None,
    command: str = "",
) -> Section:
    """The training run: ``rows`` of its history, ``settings`` as asked, where it ran.

    ``warmup`` is the number of first epochs that could not be the best one.
    """
    best = next(row for row in rows if row["epoch"] == best_epoch)
    seconds = sum(row.get("seconds", 0.0) for row in rows)
    speeds = [row["images_per_second"] for row in rows if "images_per_second" in row]
    record = {
        "epochs": len(rows),
        "best_epoch": best_epoch,
        "best_valid_loss": best["valid_loss"],
        "best_train_loss": best["train_loss"],
        "last_valid_loss": rows[-1]["valid_loss"],
        "objective": objective,
        "warmup": warmup,
        "settings": dict(settings),
        "seconds": seconds,
        "duration": _duration(seconds),
        "images_per_second": float(np.median(speeds)) if speeds else None,
        "machine": dict(machine or {}),
        "versions": dict(versions or {}),
        "command": command,
        "history": [dict(row) for row in rows],
        "facts": [
            {"label": "best epoch", "value": best_epoch, "of": len(rows)},
            {"label": "training time", "value": _duration(seconds)},
        ],
    }
    curves = loss_curves(rows, best_epoch)
    return Section("training", "Training", record, {"curves": curves})


def reconstruction(
    measured: Record, images: Pictures, reconstructions: Pictures, *, of: str,
    rows: NDArray[np.int64], command: str = "",
) -> Section:  # fmt: skip
    """How held-out images come back: the record of ``evidence.reconstruction`` and its images.

    ``images`` and ``reconstructions`` (N, H, W, C) are those it was measured on, ``of`` the name of
    their file and ``rows`` (N,) their places in it.
    """
    per_image = {name: metric["per_image"] for name, metric in measured["metrics"].items()}
    order = np.argsort(per_image["mse"], kind="stable")
    count = min(_EXAMPLES, len(order))
    first = (len(order) - count) // 2
    ranks = {"best": order[:count], "median": order[first : first + count],
             "worst": order[::-1][:count]}  # fmt: skip
    pictures: dict[str, Picture] = {}
    for index in {int(i) for chosen in ranks.values() for i in chosen}:
        pictures[f"original-{index}"] = images[index]
        pictures[f"reconstruction-{index}"] = reconstructions[index]
    record = {
        **measured,
        "of": of,
        "confidence": CONFIDENCE,
        "names": METRICS,
        "ranks": {
            rank: [
                {"index": int(i), "row": int(rows[i])}
                | {name: values[i] for name, values in per_image.items()}
                for i in chosen
            ]
            for rank, chosen in ranks.items()
        },
        "command": command,
        "facts": [
            {"label": f"held-out {METRICS[name]}", "value": metric["mean"],
             "interval": metric["interval"], "unit": "dB" if metric["unit"] == "dB" else ""}
            for name, metric in measured["metrics"].items()
        ],
    }  # fmt: skip
    return Section("reconstruction", "Reconstruction of held-out images", record, pictures)


def edits(plates: Sequence[tuple[Record, Figure]]) -> Section:
    """The edits made: for each plate its record, as ``zatlas edit --json`` writes it, and figure.

    A record has images, index, command and edits; each of these its text (``edit``), assumptions
    and elements with their values, sizes in sd and percentiles of each image. ``scale``, where it
    stands beside them, is the one scale of the plate's differences in grey levels.
    """
    record = {
        "plates": [
            {
                **plate,
                "edits": [
                    {**edit, "moved": len(edit["elements"]), "listed": _ELEMENTS}
                    for edit in plate["edits"]
                ],
            }
            for plate, _ in plates
        ]
    }
    figures: dict[str, Picture] = {f"plate-{i}": figure for i, (_, figure) in enumerate(plates)}
    return Section("edits", "The edits made", record, figures)


def traversals(strips: Sequence[tuple[Record, Figure]]) -> Section:
    """Elements swept: for each strip its record (images, index, elements, span, command)."""
    record = {"strips": [dict(strip) for strip, _ in strips]}
    figures: dict[str, Picture] = {f"strip-{i}": figure for i, (_, figure) in enumerate(strips)}
    return Section("traversals", "Single elements swept", record, figures)


def examination(
    source: str, assumed: Sequence[str], edits: Sequence[str], pictures: Mapping[str, Picture],
    command: str, claims: Sequence[Record] = (),
) -> Section:  # fmt: skip
    """A report done again: where its network was pasted from, its edits, and its claims (each with
    ``claim``, ``verdict`` and ``sentence``).

    ``pictures`` are "displays", of the edits, and "claim-0" and so on, of the claims.
    """
    record = {"source": source, "assumed": list(assumed), "edits": list(edits),
              "claims": list(claims), "command": command}  # fmt: skip
    return Section("examination", "The report that was examined", record, pictures)


def limits(seed: int, commands: Sequence[str], *, more: Sequence[str] = ()) -> Section:
    """What the report cannot say, and the commands that make it again; ``more`` adds sentences."""
    sentences = [
        f"This is one run with one seed ({seed}). Another seed gives the same index to another "
        "element, so a sentence about an element is about this run.",
        "Intervals are over images. How much the numbers differ between seeds is not in them.",
        "A plate shows a few images. What an edit does to them it need not do to others.",
        *more,
    ]
    record = {"seed": seed, "sentences": sentences, "commands": list(commands)}
    return Section("limits", "Limits, and how to repeat it", record)


def _duration(seconds: float) -> str:
    """A time as people say it: 48 s, 3 min 12 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.2g} s" if seconds < 10 else f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
