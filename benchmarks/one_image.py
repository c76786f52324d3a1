"""How much does one glance at one image tell? And how far do the reports' edits go?

python benchmarks/one_image.py TRAIN.npy VALID.npy OUT.csv [--models ...] [--seeds 3] [--epochs 10]

For every element that changes some attribute by 0.2 sd or more over 512 held-out images, each
single image is asked which attribute it changes most there. Reported: how often that is the
attribute that changes most over all 512 (right), and its direction too; how often it is one that
changes at least 0.8 times as much over all 512 (near); and how often one would be right who always
guesses the attribute that is the largest of most elements. Beside it the edits of the reports:
their length in sd, the fraction of images that stay in range, the distance to the nearest codes (1
is typical), how much of the edit survives, and the same of a random direction of the same length.
"""

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np

import zatlas
from tables import write
from zatlas.evidence.account.naming import SMALLEST_EFFECT_SD
from zatlas.evidence.effects import difference
from zatlas.evidence.properties.property_set import pixel_properties
from zatlas.images import open_images
from zatlas.latents.moves import element_move
from zatlas.run.run import Run
from zatlas.workflows.atlas import subject_of
from zatlas.workflows.edits import measure_edits

MODELS = "fcn-10,fcn-64,conv-64,vae-conv-64"
NEAR = 0.8  # of the largest mean effect
EDITS = ("z[0] *= 2", "z[2] += 5", "z[-1] += 20")


def glances(run: Run, images: np.ndarray) -> dict[str, float]:
    """Over elements with a nameable effect and images: how often one image tells the same."""
    properties, subject = pixel_properties(images, compare=False), subject_of(run, images)
    base = difference.measure_centre(subject.decode, properties.measure, subject.codes)
    sd = subject.statistics.sd.astype(np.float32)
    moves = [element_move(subject.codes, element, sd) for element in range(len(sd))]
    right, signed, near, largest = [], [], [], []
    for change in difference.measure_changes(
        subject.decode, properties.measure, base, moves, steps=(1.0,), motion_n=0
    ):
        each = change.odd / properties.real_sd
        mean = np.abs(each.mean(0))
        top = int(mean.argmax())
        if mean[top] < SMALLEST_EFFECT_SD:
            continue
        seen = np.abs(each).argmax(1)
        largest.append(top)
        right.append((seen == top).mean())
        signed.append(((seen == top) & (each[:, top] * each[:, top].mean() > 0)).mean())
        near.append((mean[seen] >= NEAR * mean[top]).mean())
    shares = {
        "one_image_right": right, "and_its_sign": signed, "one_image_near": near,
        "most_frequent_attribute": [np.array(largest) == mode for mode in _mode(largest)],
    }  # fmt: skip
    return {
        "elements": len(moves), "with_an_effect": len(right),
        **{name: round(float(np.mean(found)), 3) if right else float("nan")
           for name, found in shares.items()},
        "attributes": len(properties.columns),
    }  # fmt: skip


def _mode(values: list[int]) -> list[int]:
    """The most frequent of the values, or nothing."""
    return [max(set(values), key=values.count)] if values else []


def main() -> None:
    """A row a model and seed for the glances, a row an edit for the edits; written after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("train")
    parser.add_argument("valid")
    parser.add_argument("out")
    parser.add_argument("--models", default=MODELS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--images", type=int, default=512)
    asked = parser.parse_args()
    zatlas.configure_process()
    valid = open_images(asked.valid)
    rows = np.random.default_rng(0).permutation(len(valid))[: asked.images]
    images, out = valid[rows], Path(asked.out)
    seen: list[dict[str, object]] = []
    tried: list[dict[str, object]] = []
    for model in asked.models.split(","):
        for seed in range(asked.seeds):
            with tempfile.TemporaryDirectory() as place:
                zatlas.configure_process(threads=os.cpu_count())
                run = zatlas.train(model, asked.train, valid=asked.valid, seed=seed,
                                   out=Path(place) / "run", epochs=asked.epochs)  # fmt: skip
                loss = min(row.valid_loss for row in run.history)
                head = {"model": model, "seed": seed, "epochs": asked.epochs}
                seen.append({**head, "held_out_loss": round(loss, 5), **glances(run, images)})
                for effect in measure_edits(run, EDITS, images):
                    flags, random = effect.flags, effect.random
                    tried.append({
                        **head, "edit": effect.edit, "length_sd": flags.length,
                        "in_range": flags.in_range, "neighbour": flags.neighbour_after,
                        "kept": flags.kept, "kept_low": flags.kept_low,
                        "kept_high": flags.kept_high, "size": effect.size,
                        "random_size": random.size, "random_kept": random.kept,
                        "random_neighbour": random.neighbour_after,
                    })  # fmt: skip
            print(seen[-1], *tried[-len(EDITS) :], sep="\n", flush=True)
            for file, table in ((out, seen), (out.with_stem(out.stem + "-edits"), tried)):
                write(file, table)


if __name__ == "__main__":
    main()
