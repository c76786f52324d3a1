"""How much of R4's "the colour gets darker" is its display?

python benchmarks/display_trap.py TRAIN.npy VALID.npy OUT.csv [--seeds 5] [--epochs 10]

R4 shows its reconstruction on the scale from -1 to 1, but its edit as raw decoder output, which a
plotting library clips at 0: the darker half of the range turns black. Lightness (mean CIELAB L*) of
reconstruction, edit on the same scale, and edit in that display, over held-out images; the share of
the display is what it adds to the whole apparent darkening.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

import zatlas
from tables import write
from zatlas.evidence.properties import attributes
from zatlas.images import open_images
from zatlas.latents import coding

EDITS = ("z[0] *= 2", "z[2] += 5")
LUMINANCE = [column.name for column in attributes.columns(3)].index("luminance")


def lightness(pictures: np.ndarray) -> float:
    """Mean L* of pictures in [-1, 1]."""
    return float(attributes.measure(pictures)[:, LUMINANCE].mean())


def main() -> None:
    """A row a seed and edit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("train")
    parser.add_argument("valid")
    parser.add_argument("out")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10)
    asked = parser.parse_args()
    zatlas.configure_process()
    rows: list[dict[str, object]] = []
    images = open_images(asked.valid)[:512]
    for seed in range(asked.seeds):
        with tempfile.TemporaryDirectory() as place:
            run = zatlas.train("fcn-10", asked.train, valid=asked.valid, seed=seed,
                               out=Path(place) / "run", epochs=asked.epochs)  # fmt: skip
            codes = run.encode(images)
            before = lightness(coding.decode_floats(run.model, codes))
            for edit in EDITS:
                raw = coding.decode_floats(run.model, run.edit(codes, edit))
                after, shown = lightness(raw), lightness(2 * np.clip(raw, 0, 1) - 1)
                rows.append({
                    "seed": seed, "edit": edit, "reconstruction_L": round(before, 2),
                    "edit_L": round(after, 2), "as_displayed_L": round(shown, 2),
                    "of_the_edit": round(after - before, 2),
                    "of_the_display": round(shown - after, 2),
                })  # fmt: skip
                print(rows[-1], flush=True)
    write(asked.out, rows)


if __name__ == "__main__":
    main()
