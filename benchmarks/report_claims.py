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
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import zatlas
from tables import write
from zatlas.evidence.account.naming import named_effects
from zatlas.evidence.measurements import element_atlas
from zatlas.evidence.properties.factors import tell_apart
from zatlas.evidence.properties.property_set import (
    Labelled,
    add_factors,
    measure_drawn,
    pixel_properties,
)
from zatlas.evidence.records import ElementEffect
from zatlas.images import ImageSet, open_images
from zatlas.images.faces import render_faces
from zatlas.run.run import Run
from zatlas.workflows.atlas import subject_of

CLAIMS = (  # report, model, data, index, what it is said to be
    ("R0", "fcn-multi-encoder", "rendered", 1, ("yaw",)),
    ("R4", "fcn-10", "rendered", 2, ("skin_tone", "light_azimuth", "light_elevation")),
    ("R4", "fcn-10", "real", 0, ("gender",)),
    ("R4", "fcn-10", "real", 2, ("luminance", "left-right light", "top-bottom light", "chroma")),
)
EPOCHS = {"fcn-multi-encoder": 3, "fcn-10": 6}
HELD_OUT_IMAGES = 256  # that elements are measured on


def labelled_set(images: ImageSet, held_out: np.ndarray) -> Labelled:
    """The images with the factors in the table beside them."""
    factors, _ = tell_apart(images.labels)
    return Labelled(images.array, factors, held_out)


def found_in(run: Run, labelled: Labelled) -> tuple[ElementEffect, ...]:
    """Every element, by attributes and by probes of what this run draws."""
    pictures = run.held_out().pictures(HELD_OUT_IMAGES)
    subject = subject_of(run, pictures)
    properties, _ = add_factors(
        pixel_properties(pictures), labelled, subject.encode, subject.decode
    )
    properties = measure_drawn(properties, pictures, subject.codes, subject.decode)
    return element_atlas(subject, properties).elements


def largest(effect: ElementEffect) -> str:
    """The largest property that may be named; else nothing."""
    named = named_effects(effect)
    return named[0].name if named else ""


def main() -> None:
    """A row an element and seed; a row a claim, with how often it held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("train")
    parser.add_argument("valid")
    parser.add_argument("out")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--rendered", type=int, default=2000)
    asked = parser.parse_args()
    zatlas.configure_process()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as place:
        faces = Path(place) / "faces.npy"
        render_faces(faces, asked.rendered, seed=0)
        rng = np.random.default_rng(0)
        sets: dict[str, tuple[ImageSet, Any, Labelled]] = {}
        for data, path, valid in (("rendered", faces, 0.1), ("real", asked.train, asked.valid)):
            images = open_images(path)
            held_out = rng.random(len(images)) < 0.3
            sets[data] = images, valid, labelled_set(images, held_out)
        pairs = list(dict.fromkeys((model, data) for _, model, data, _, _ in CLAIMS))
        for model, data in pairs:
            images, valid, labelled = sets[data]
            for seed in range(asked.seeds):
                zatlas.configure_process(threads=os.cpu_count())
                run = zatlas.train(
                    model,
                    images,
                    valid=valid,
                    seed=seed,
                    epochs=EPOCHS[model],
                    out=Path(place) / "run",
                    overwrite=seed > 0 or len(rows) > 0,
                )
                for effect in sorted(found_in(run, labelled), key=lambda e: e.element):
                    claimed = {n for _, m, d, _, w in CLAIMS if (m, d) == (model, data) for n in w}
                    rows.append({
                        "model": model, "data": data, "seed": seed, "element": effect.element,
                        "size": effect.size, "largest": largest(effect),
                        "named": "+".join(one.name for one in named_effects(effect)),
                        "effects": "; ".join(
                            f"{n} {one.mean_sd:+.2f}" for n in sorted(claimed)
                            for k, one in effect.effects.items()
                            if (k == n or k.startswith(f"{n} = ")) and one.mean_sd is not None
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
