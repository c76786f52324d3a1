"""Known edits of faces: is the cause of a change named first, and is motion told from shade?

    python -m trials.known_edits --images faces64-train.npy --run fcn-64 --rows 1200 1296

Every edit has one cause: a shift, more light, another hue, a blur, darker eyes. It is made in the
pictures themselves: in real faces, in what a PCA of 64 components keeps of them, and in what a
trained network draws, where it is the change that the decoder would draw. Effects are told in sd
over the real images. Edits of form "plain" follow the formulas that causes are fitted with, those
of form "other" do the same in another way (HSV, gamma, reflected edges, a moved region), so that
the fit is not judged by its own formulas alone.

Written: a row an edit and kind of pictures.
"""

import argparse
from pathlib import Path

import numpy as np
from benchmarks import tables
from sklearn.decomposition import PCA

import zatlas
from trials import causes
from trials.face_edits import other_edits, plain_edits
from trials.registration import explained, motion
from zatlas.evidence.arrays import floats
from zatlas.evidence.properties.attributes import lab

ROWS = (1200, 1296)  # development rows end at 1800; the rules were chosen on rows 0 to 255


def pictures(images, rows, run=None, components=64):
    """Real faces (uint8), what a PCA of all ``images`` keeps of them, what a run draws."""
    real = floats(images[rows])
    flat = floats(images).reshape(len(images), -1)
    pca = PCA(components, svd_solver="randomized", random_state=0).fit(flat)
    kept = pca.inverse_transform(pca.transform(real.reshape(len(real), -1)))
    drawn = {"real": real, f"pca-{components}": np.clip(kept, -1, 1).reshape(real.shape)}
    if run:
        drawn[Path(run).name] = floats(zatlas.open_run(run).reconstruct(images[rows]))
    return {kind: x.astype(np.float32) for kind, x in drawn.items()}


def named_first(amounts, names, sd, edit):
    """A row of the table: the three largest effects in sd, and whether the cause is the first."""
    effects = amounts.mean(0) / np.where(sd > 0, sd, np.inf)
    order = np.argsort(-np.abs(effects))
    top = {f"named {k + 1}": f"{names[j]} {effects[j]:+.2f}" for k, j in enumerate(order[:3])}
    right = names[order[0]] == edit.cause and np.sign(effects[order[0]]) == edit.sign
    family = causes.FAMILY_OF[names[order[0]]] == causes.FAMILY_OF.get(edit.cause)
    return {**top, "right": int(right), "family": int(family)} if edit.cause else top


def motion_told(before, after, edit):
    """A row's part on motion: what warp and shade explain, the verdict, and whether it is right."""
    found = motion(explained(before, after))
    told = found.verdict == "motion"
    numbers = {k: round(getattr(found, k).value, 3) for k in ("warp", "shade", "beyond", "part")}
    right = {} if edit.moves is None else {"motion right": int(told == edit.moves)}
    ends = {"warp low": round(found.warp.low, 3), "warp high": round(found.warp.high, 3)}
    return {**numbers, **ends, "verdict": found.verdict, **right}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", required=True)
    parser.add_argument("--run")
    parser.add_argument("--rows", type=int, nargs=2, default=ROWS)
    parser.add_argument("--fit-rows", type=int, default=1800, help="rows the PCA and the sd see")
    parser.add_argument("--out", default="trials/results/known-edits.csv")
    given = parser.parse_args()
    shown = np.array(np.load(given.images, mmap_mode="r")[: given.fit_rows])
    names = [column.name for column in causes.columns(3)]
    sd, rows = causes.spread(shown), []
    for kind, before in pictures(shown, slice(*given.rows), given.run).items():
        reference = causes.Reference(lab(before))
        for edit in [*plain_edits(), *other_edits()]:
            after = edit.edit(before.copy()).astype(np.float32)
            row = {"pictures": kind, "form": edit.form, "edit": edit.name, "cause": edit.cause}
            row |= named_first(reference.changes(lab(after)), names, sd, edit)
            rows.append(row | motion_told(before, after, edit))
    tables.write(given.out, rows)
    for kind, form in dict.fromkeys((row["pictures"], row["form"]) for row in rows):
        asked = [r for r in rows if (r["pictures"], r["form"]) == (kind, form) and r["cause"]]
        right, family = (np.mean([r[k] for r in asked]) for k in ("right", "family"))
        print(f"{kind} {form}: cause first {right:.3f}, its family {family:.3f} of {len(asked)}")
        told = [r["motion right"] for r in rows if "motion right" in r and r["pictures"] == kind]
        print(f"  motion told right {np.mean(told):.3f} of {len(told)} (both forms)")
        for r in asked:
            if not r["right"]:
                print(f"  {r['edit']}: {r['named 1']}, {r['named 2']}, {r['named 3']}")


if __name__ == "__main__":
    main()
