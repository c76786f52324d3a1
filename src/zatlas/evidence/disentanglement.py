"""Does each latent element stand for one factor, and each factor for one element?

Five published scores, all over codes (N, D) and the factors of the same N images, each with a row
an element or a factor, since the question is about z[2] and not about the model:

- MIG and modularity from binned mutual information (``zatlas.evidence.information``);
- DCI (Eastwood & Williams 2018) from a random forest's importances;
- SAP (Kumar et al. 2018) from one element at a time;
- explicitness (Ridgeway & Mozer 2018): can a linear model read the factor from the whole code?

What a factor's rows are judged on was held out from what they learned on. Needs scikit-learn.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zatlas.errors import InputError
from zatlas.evidence.factors import Factor
from zatlas.evidence.information import BINS, gaps, information, mig, mig_as_published, modularity
from zatlas.evidence.measure import Array
from zatlas.evidence.readout import concentration, explicitness, importances, sap_table
from zatlas.evidence.scores import Score, needs_sklearn

_MOST, _FEWEST, _FEWEST_OF_A_LEVEL = 5000, 50, 10  # images


@dataclass(frozen=True)
class ElementRow:
    """One element: ``information`` about each factor (0 chance, 1 all, None unknown), whether any
    of it was ``found`` beyond chance, the ``factor`` it tells most of; DCI ``disentanglement`` (1:
    it serves one factor alone; None where no factor can be read) with its ``weight`` in the mean;
    ``modularity``.
    """

    element: int
    found: bool
    factor: str | None
    information: dict[str, float]
    disentanglement: float | None
    weight: float
    modularity: float | None


@dataclass(frozen=True)
class FactorRow:
    """One factor over ``n`` images that know it: its ``entropy`` in nats; ``mig`` (chance taken
    off) and ``mig_as_published``; the ``element`` that tells most of it and the ``second``; ``sap``
    and DCI ``completeness`` (1: one element serves it alone; None where it cannot be read); what a
    forest (``informativeness``) and a linear model (``explicitness``) read from the code.
    """

    name: str
    kind: str
    n: int
    entropy: float
    mig: float
    mig_as_published: float
    element: int | None
    second: int | None
    sap: float
    completeness: float | None
    informativeness: Score
    explicitness: Score


@dataclass(frozen=True)
class Disentanglement:
    """Means over factors, or over elements; all of them 0 for chance and 1 for perfect.

    ``disentanglement`` and ``completeness`` are 0 where no factor can be read, None where there is
    only one of a kind. ``modularity`` counts every element, one that tells of nothing as 0;
    ``modularity_found`` only those that tell of a factor, ``found`` of them. ``left_out``: factors
    with too few images, and why.
    """

    n: int
    bins: int
    found: int
    mig: float
    mig_as_published: float
    sap: float
    disentanglement: float | None
    completeness: float | None
    informativeness: float
    modularity: float | None
    modularity_found: float | None
    explicitness: float
    elements: tuple[ElementRow, ...]
    factors: tuple[FactorRow, ...]
    left_out: dict[str, str]


def disentanglement(z_ND: Array, factors: Sequence[Factor], seed: int = 0) -> Disentanglement:
    """Every score of codes (N, D) against factors of the same N images (at most 5,000 of them).

    A level of fewer than 10 images counts as unknown; a factor that is known for fewer than 50, or
    does not vary then, is left out. Raises InputError where none remains, or where images and
    factors differ in number.
    """
    needs_sklearn()
    rows = slice(None, None, -(-len(z_ND) // _MOST))
    factors, left_out = _known_enough(len(z_ND), factors, rows)
    z_ND = z_ND[rows].astype(np.float64)
    told = information(z_ND, factors, seed)
    weights, read = importances(z_ND, factors, seed)
    serves, served = concentration(weights), concentration(weights.T)
    explicit = [explicitness(z_ND, factor, seed) for factor in factors]
    sap = gaps(sap_table(z_ND, factors, seed))
    gap, published, modular = mig(told), mig_as_published(told), modularity(told.share * told.found)
    names = [factor.name for factor in factors]
    some = np.asarray(told.found.any(1))
    return Disentanglement(
        n=len(z_ND),
        bins=BINS,
        found=int(some.sum()),
        mig=float(gap.mean()),
        mig_as_published=float(published.mean()),
        sap=float(sap.mean()),
        disentanglement=_mean(serves, weights.sum(1)),
        completeness=_mean(served, weights.sum(0)),
        informativeness=_mean_score(read),
        modularity=_number(modular.mean()),
        modularity_found=_number(modular[some].mean()) if some.any() else None,
        explicitness=_mean_score(explicit),
        elements=tuple(
            ElementRow(
                element=j,
                found=bool(some[j]),
                factor=names[int(told.share[j].argmax())] if some[j] else None,
                information=dict(zip(names, told.share[j].tolist(), strict=True)),
                disentanglement=_number(serves[j]),
                weight=float(weights[j].sum() / max(weights.sum(), 1e-300)),
                modularity=_number(modular[j]),
            )
            for j in range(z_ND.shape[1])
        ),
        factors=tuple(
            FactorRow(
                name=factor.name,
                kind=factor.kind,
                n=int(factor.known.sum()),
                entropy=float(told.entropy[k]),
                mig=float(gap[k]),
                mig_as_published=float(published[k]),
                element=_place(told.share[:, k], told.found[:, k], 0),
                second=_place(told.share[:, k], told.found[:, k], 1),
                sap=float(sap[k]),
                completeness=_number(served[k]),
                informativeness=read[k],
                explicitness=explicit[k],
            )
            for k, factor in enumerate(factors)
        ),
        left_out=left_out,
    )


def _known_enough(
    n: int, factors: Sequence[Factor], rows: slice
) -> tuple[list[Factor], dict[str, str]]:
    """The factors that can be scored on these rows, rare levels unknown; why others cannot."""
    kept, left_out = [], {}
    for factor in factors:
        if len(factor.values) != n:
            raise InputError(f"factor {factor.name!r} has {len(factor.values)} values, not {n}")
        values = factor.values[rows].copy()
        if factor.kind != "continuous":
            levels, counts = np.unique(values, return_counts=True)
            values[np.isin(values, levels[counts < _FEWEST_OF_A_LEVEL])] = np.nan
        known = values[~np.isnan(values)]
        if len(known) < _FEWEST or known.min() == known.max():
            left_out[factor.name] = f"too few images of known and different values ({len(known)})"
        else:
            kept.append(Factor(factor.name, factor.kind, values, factor.levels, factor.note))
    if not kept:
        raise InputError(
            f"no factor is known for {_FEWEST} images or more, of different values, among {n}; "
            "give more images or another table"
        )
    return kept, left_out


def _place(share_D: Array, found_D: Array, rank: int) -> int | None:
    """The element of a rank by information, where what it tells is beyond chance."""
    order = np.argsort(-share_D, kind="stable")
    return int(order[rank]) if rank < len(order) and found_D[order[rank]] else None


def _mean(values: Array, weights: Array) -> float | None:
    """The weighted mean of DCI's rows; 0 where no factor can be read, None for one of a kind."""
    known = np.isfinite(values) & (weights > 0)
    if not known.any():
        return None if weights.any() else 0.0
    return float(np.average(values[known], weights=weights[known]))


def _mean_score(scores: Sequence[Score]) -> float:
    return float(np.mean([max(score.score, 0.0) for score in scores]))


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
