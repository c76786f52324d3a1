"""What do directions, single elements and unsupervised axes do to each factor of rendered faces?

python benchmarks/directions.py RUN LABELS.csv OUT.csv [--network NAME] [--count 256] [--seed 0]
    [--factors yaw,glasses] [--nulls]

For each factor that the probes read in reconstructions: the balanced pattern and the gradient of
zatlas; the difference of means; the normal of a linear SVM (InterFaceGAN), plain and projected off
the normals of the other factors; the best axis of GANSpace's PCA, of ICA, SeFa and the mean
Jacobian; the best single element. The best axis and the best element are chosen on 64 images of
those that all are measured on, which favours them. Rows that exist are kept.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import zatlas
from tables import read, write
from zatlas.errors import InputError
from zatlas.evidence.arrays import Array
from zatlas.evidence.directions.measure import Candidate, measure_directions
from zatlas.evidence.directions.nulls import sizes_of_moves
from zatlas.evidence.directions.records import DirectionEffect, TargetEffect, effect_over_spill
from zatlas.evidence.directions.targets import best_of, scale_of
from zatlas.evidence.effects.difference import measure_centre
from zatlas.latents.directions import labels, normal, projected
from zatlas.latents.moves import step_along
from zatlas.workflows.direction_images import learning_images
from zatlas.workflows.direction_learning import BASES, Study, Wanted, learn, prepare_study

PROMISING, CHOSEN_ON = 8, 64  # axes, and images, of which the best axis is chosen


def by_labels(study: Study, name: str) -> Iterator[tuple[str, Array]]:
    """The directions that labels give, by their method."""
    names, table = study.data.table(name)
    table, at = table[study.data.learn], names.index(name)
    yield "pattern", labels.pattern(study.codes, table, at)
    yield "mean", labels.pattern(study.codes, table, at, balanced=False)
    normals = [normal(study.codes, column, "svm") for column in table.T]
    yield "svm", normals[at]
    others = np.stack([one for k, one in enumerate(normals) if k != at])
    yield "svm projected", projected(normals[at], others)
    yield "gradient", next(learn(study, Wanted(factor=name, method="gradient"))).vector


def axes(study: Study, basis: str) -> Array:
    """Every axis of a basis, as steps (A, D)."""
    found: list[Any] = []
    count = study.run.model.latent
    while not found:
        try:
            found = [*learn(study, Wanted(basis=basis, count=count))]
        except InputError:
            count -= max(1, count // 8)
            if count < 1:
                return np.zeros((0, study.run.model.latent))
    return np.stack([step_along(one.vector, study.run.statistics.codes) for one in found])


def best_axis(study: Study, steps_AD: Array, name: str, centre: Any) -> Array | None:
    """The axis with the largest effect over spill, of those that move the factor well."""
    if not len(steps_AD):
        return None
    scale = scale_of(study.properties, name)
    predicted = np.abs(scale.sizes(steps_AD @ study.slopes)[:, scale.target])
    some = steps_AD[np.argsort(-predicted)[:PROMISING]]
    ahead, back = (
        sizes_of_moves(sign * some, study.subject.decode, study.properties, centre, scale,
                       CHOSEN_ON) for sign in (1, -1)
    )  # fmt: skip
    return np.asarray(some[best_of((ahead - back) / 2, scale)])


def row_of(effect: DirectionEffect, target: TargetEffect, length: float) -> dict[str, Any]:
    """The numbers of one row."""
    reach = None if target.reach is None else target.reach * length
    ratio, identity = effect_over_spill(target), effect.identity
    return {
        "effect": round(target.size, 4), "low": target.low, "high": target.high,
        "per_mahalanobis_sd": round(abs(target.size) / length, 4), "length": round(length, 3),
        "spill": target.spill, "effect_over_spill": ratio and round(ratio, 2),
        "reach_mahalanobis_sd": reach and round(reach, 2), "monotone": target.monotone,
        "identity": identity and identity.kept, "kept": effect.flags and effect.flags.kept,
        "p_random": effect.random and effect.random.p,
        "halves": effect.stability and effect.stability.halves,
    }  # fmt: skip


def main() -> None:
    """Measure what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("run", "labels", "out"):
        parser.add_argument(name)
    parser.add_argument("--network", default="")
    parser.add_argument("--count", type=int, default=256)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--factors", default="")
    given = parser.parse_args()
    zatlas.configure_process()
    run, out = zatlas.open_run(given.run), Path(given.out)
    study = prepare_study(run, learning_images(run, None, given.labels, given.seed), given.count,
                          given.seed)  # fmt: skip
    properties, subject = study.properties, study.subject
    centre = measure_centre(subject.decode, properties.measure, subject.codes, properties.compare)
    names = [column.name for column in properties.columns if column.kind == "factor"]
    about = {"network": given.network or run.name, "seed": run.config.training.seed}
    rows: list[dict[str, Any]] = read(out)
    done = {(row["network"], str(row["seed"]), row["factor"]) for row in rows}
    bases = {basis: axes(study, basis) for basis in BASES if basis != "sefa"
             or subject.first_weight is not None}  # fmt: skip
    for factor in study.data.table()[0]:
        if (about["network"], str(about["seed"]), factor) in done:
            continue
        if given.factors and factor not in given.factors.split(","):
            continue
        head = {**about, "factor": factor}
        if factor not in names:
            rows.append({**head, "method": "not drawn"})
            write(out, rows)
            continue
        vectors = dict(by_labels(study, factor))
        for basis, steps in bases.items():
            if (best := best_axis(study, steps, factor, centre)) is not None:
                vectors[basis] = best
        candidates = [
            Candidate(method, step_along(vector, run.statistics.codes), factor)
            for method, vector in vectors.items()
        ]
        found = measure_directions(subject, properties, candidates, study.slopes, seed=given.seed)
        for one in found:
            effect = one.effect
            assert effect.target is not None
            rows.append({**head, "method": effect.name,
                         **row_of(effect, effect.target, effect.mahalanobis or 1.0)})  # fmt: skip
        beside = found[0].effect.element
        assert beside is not None
        target, ratio = beside.target, effect_over_spill(beside.target)
        rows.append({**head, "method": f"element {beside.element}", "effect": target.size,
                     "spill": target.spill, "effect_over_spill": ratio and round(ratio, 2),
                     "monotone": target.monotone})  # fmt: skip
        for row in rows[-len(vectors) - 1 :]:
            print(row, flush=True)
        write(out, rows)


if __name__ == "__main__":
    main()
