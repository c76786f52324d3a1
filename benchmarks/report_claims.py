"""The claims of two reports over ten seeds.

R0: "the second element turns the head"; R4: "element 0 is gender; the other is colour depth, or the
light".

python benchmarks/report_claims.py TRAIN.npy VALID.npy OUT.csv [--seeds 10] [--rendered 3000]

Elements have no identity across seeds, so a claim about an index is examined as: in how many seeds
is the claimed property the largest of that index (in sd, among those that may be named), and in how
many is it the largest of any. On rendered faces the properties are their factors (through probes);
on real faces gender (a probe on the labels beside TRAIN.npy) and the attributes. Chance is the
share of all elements whose largest property it is.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import zatlas
from tables import write
from zatlas.evidence.atlas import element_atlas
from zatlas.evidence.factors import tell_apart
from zatlas.evidence.ruler import Labelled, Ruler, pixel_ruler, with_factors
from zatlas.evidence.sentences import named
from zatlas.images import open_images
from zatlas.images.faces import render_faces
from zatlas.measured import one_core_each, subject_of
from zatlas.training.heap import keep_freed_blocks

CLAIMS = (  # report, model, data, index, what it is said to be
    ("R0", "fcn-multi-encoder", "rendered", 1, ("yaw",)),
    ("R4", "fcn-10", "rendered", 2, ("skin_tone", "light_azimuth", "light_elevation")),
    ("R4", "fcn-10", "real", 0, ("gender",)),
    ("R4", "fcn-10", "real", 2, ("luminance", "left-right light", "top-bottom light", "chroma")),
)
EPOCHS = {"fcn-multi-encoder": 3, "fcn-10": 6}
JUDGED = 256  # held-out images that elements are measured on


def ruler_for(images: Any, held_out: np.ndarray, seed: int) -> Ruler:
    """Attributes, and a probe for each factor in the table beside the images."""
    factors, _ = tell_apart(images.labels)
    labelled = Labelled(images.array, factors, held_out)
    return with_factors(pixel_ruler(images[np.flatnonzero(held_out)]), labelled, seed)[0]


def largest(record: dict[str, Any]) -> str:
    """The largest property that may be named; else nothing."""
    cells = named(record)
    return str(cells[0]["name"]) if cells else ""


def main() -> None:
    """A row an element and seed; a row a claim, with how often it held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("train")
    parser.add_argument("valid")
    parser.add_argument("out")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--rendered", type=int, default=2000)
    asked = parser.parse_args()
    keep_freed_blocks()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as place:
        faces = Path(place) / "faces.npy"
        render_faces(faces, asked.rendered, seed=0)
        rng = np.random.default_rng(0)
        sets: dict[str, tuple[Any, Any, Ruler]] = {}
        for data, path, valid in (("rendered", faces, 0.1), ("real", asked.train, asked.valid)):
            images = open_images(path)
            held_out = rng.random(len(images)) < 0.3
            sets[data] = images, valid, ruler_for(images, held_out, 0)
            print(data, {n: round(float(p.score), 3) for n, p in sets[data][2].probes.items()})
        pairs = list(dict.fromkeys((model, data) for _, model, data, _, _ in CLAIMS))
        for model, data in pairs:
            images, valid, ruler = sets[data]
            for seed in range(asked.seeds):
                run = zatlas.train(
                    model,
                    images,
                    valid=valid,
                    seed=seed,
                    epochs=EPOCHS[model],
                    out=Path(place) / "run",
                    overwrite=seed > 0 or len(rows) > 0,
                )
                part = run.held_out()
                with one_core_each():
                    subject = subject_of(run, part.pictures(JUDGED))
                    record, _ = element_atlas(subject, ruler, workers=2)
                for element in sorted(record["elements"], key=lambda e: e["element"]):
                    cells = {cell["name"]: cell for cell in element["cells"]}
                    claimed = {n for _, m, d, _, w in CLAIMS if (m, d) == (model, data) for n in w}
                    rows.append({
                        "model": model, "data": data, "seed": seed, "element": element["element"],
                        "size": element["size"], "largest": largest(element),
                        "named": "+".join(cell["name"] for cell in named(element)),
                        "effects": "; ".join(
                            f"{n} {cells[k]['effect_sd']:+.2f}" for n in sorted(claimed)
                            for k in cells if k == n or k.startswith(f"{n} = ")
                            if cells[k]["effect_sd"] is not None
                        ),
                    })  # fmt: skip
                print(
                    model,
                    data,
                    seed,
                    [
                        r["largest"]
                        for r in rows
                        if r["seed"] == seed and (r["model"], r["data"]) == (model, data)
                    ],
                    flush=True,
                )
                write(Path(asked.out), rows)
    claims = []
    for report, model, data, index, what in CLAIMS:
        mine = [r for r in rows if (r["model"], r["data"]) == (model, data)]

        def holds(row: dict[str, Any], what: tuple[str, ...] = what) -> bool:
            return any(row["largest"] == w or row["largest"].startswith(f"{w} = ") for w in what)

        seeds = sorted({r["seed"] for r in mine})
        at_index = sum(holds(r) for r in mine if r["element"] == index)
        anywhere = sum(any(holds(r) for r in mine if r["seed"] == s) for s in seeds)
        claims.append({
            "report": report, "model": model, "data": data, "element": index,
            "claim": " or ".join(what), "seeds": len(seeds), "main_of_that_element": at_index,
            "main_of_any_element": anywhere,
            "share_of_all_elements": round(sum(map(holds, mine)) / len(mine), 3),
        })  # fmt: skip
        print(claims[-1], flush=True)
    write(Path(asked.out).with_stem(Path(asked.out).stem + "-summary"), claims)


if __name__ == "__main__":
    main()
