"""Does each latent element stand for one factor, and each factor for one element?

Six published scores, all over codes (N, D) and the factors of the same N images, with a row for
every element or factor, because the question is about z[2] and not about the whole model:

- MIG and modularity from binned mutual information (``zatlas.evidence.codes.information``);
- DCI (Eastwood & Williams 2018) from a random forest's importances;
- SAP (Kumar et al. 2018) from one element at a time;
- explicitness (Ridgeway & Mozer 2018): can a linear model predict the factor from the whole code?
- InfoM (Hsu et al. 2023): modularity from information on held-out images (``infom.py``).

DCI's disentanglement and completeness, and modularity, are over readable factors (``readable.py``).

Predictors are scored on images that were held out from learning.
"""

from collections.abc import Sequence

import numpy as np

from zatlas.errors import InputError
from zatlas.evidence.arrays import Array
from zatlas.evidence.codes.infom import held_out_information, measure_infom
from zatlas.evidence.codes.information import (
    BINS,
    Information,
    gaps,
    mig,
    mig_as_published,
    mutual_information,
)
from zatlas.evidence.codes.predictors import explicitness, importances, sap_table
from zatlas.evidence.codes.readable import readable_factors, readable_scores
from zatlas.evidence.properties.factors import Factor
from zatlas.evidence.statistics.scores import Score
from zatlas.schema import Number, OptionalNumber, Record

MOST_IMAGES = 5000
FEWEST_IMAGES, FEWEST_IMAGES_PER_LEVEL = 50, 10


class ElementRow(Record):
    """Scores of one element.

    ``information`` about each factor is 0 for chance and 1 for all of it; ``found`` says whether
    any is beyond chance, ``factor`` which factor has most. DCI ``disentanglement`` is 1 for an
    element that predicts one readable factor alone, None for one that predicts none; ``weight`` is
    its weight in the mean. ``modularity`` is None for an element that tells of no readable factor.
    """

    element: int
    found: bool
    factor: str | None
    information: dict[str, Number]
    disentanglement: OptionalNumber
    weight: Number
    modularity: OptionalNumber


class FactorRow(Record):
    """Scores of one factor over the ``n`` images whose value is known.

    ``entropy`` is in nats; ``mig`` has chance subtracted. ``element`` and ``second`` are the
    elements with most information about it. ``readable`` says whether the code predicts it better
    than chance (None: a file before this was measured). DCI ``completeness`` is 1 where one element
    alone predicts it, None where it is not readable. ``informativeness`` is the score of a random
    forest, ``explicitness`` that of a linear model.
    """

    name: str
    kind: str
    n: int
    entropy: Number
    mig: Number
    mig_as_published: Number
    element: int | None
    second: int | None
    sap: Number
    completeness: OptionalNumber
    informativeness: Score
    explicitness: Score
    readable: bool | None = None


class Disentanglement(Record):
    """Means over factors, or over elements; all of them 0 for chance and 1 for perfect.

    ``disentanglement``, ``completeness`` and ``modularity`` are over readable factors, None below
    two of them. ``modularity`` counts an element that tells of none as 0; ``modularity_found``
    leaves it out, and so does ``infom`` (None below two factors that any element tells of, and in
    files before it was measured). ``left_out`` names factors with too few images, and why.
    """

    n: int
    bins: int
    found: int
    mig: Number
    mig_as_published: Number
    sap: Number
    disentanglement: OptionalNumber
    completeness: OptionalNumber
    informativeness: Number
    modularity: OptionalNumber
    modularity_found: OptionalNumber
    explicitness: Number
    elements: tuple[ElementRow, ...]
    factors: tuple[FactorRow, ...]
    left_out: dict[str, str]
    infom: OptionalNumber = None


def measure_disentanglement(
    z_ND: Array, factors: Sequence[Factor], seed: int = 0
) -> Disentanglement:
    """Every score of codes against factors.

    A level of fewer than 10 images counts as unknown; a factor that is known for fewer than 50
    images, or does not vary over them, is left out.

    Parameters
    ----------
    z_ND : codes; of more than 5,000, evenly spaced ones are used.
    factors : of the same N images.
    seed : of forests, splits and shuffles.

    Raises
    ------
    InputError
        No factor remains, or images and factors differ in number.
    """
    some = slice(None, None, -(-len(z_ND) // MOST_IMAGES))
    factors, left_out = _with_enough_images(len(z_ND), factors, some)
    z_ND = z_ND[some].astype(np.float64)
    found = mutual_information(z_ND, factors, seed)
    weights, forests = importances(z_ND, factors, seed)
    readable = readable_factors(forests)
    scores = readable_scores(weights, found.fraction * found.found, readable)
    linear = [explicitness(z_ND, factor, seed) for factor in factors]
    sap = gaps(sap_table(z_ND, factors, seed))
    gap, published = mig(found), mig_as_published(found)
    names = [factor.name for factor in factors]
    informs = np.asarray(found.found.any(1))
    elements = [
        ElementRow(
            element=j, found=bool(informs[j]), disentanglement=scores.element_disentanglement[j],
            factor=names[int(found.fraction[j].argmax())] if informs[j] else None,
            information=dict(zip(names, found.fraction[j].tolist(), strict=True)),
            weight=scores.element_weight[j], modularity=scores.element_modularity[j],
        )
        for j in range(z_ND.shape[1])
    ]  # fmt: skip
    rows = [
        FactorRow(
            name=factor.name, kind=factor.kind, n=int(factor.known.sum()),
            entropy=found.entropy[k], mig=gap[k], mig_as_published=published[k],
            element=_ranked(found, k, 0), second=_ranked(found, k, 1), sap=sap[k],
            completeness=scores.factor_completeness[k], informativeness=forests[k],
            explicitness=linear[k], readable=bool(readable[k]),
        )
        for k, factor in enumerate(factors)
    ]  # fmt: skip
    return Disentanglement(
        n=len(z_ND), bins=BINS, found=int(informs.sum()), mig=gap.mean(),
        mig_as_published=published.mean(), sap=sap.mean(),
        disentanglement=scores.disentanglement, completeness=scores.completeness,
        informativeness=_mean_score(forests),
        modularity=None if scores.modularity is None
        else np.nan_to_num(scores.element_modularity).mean(),
        modularity_found=scores.modularity,
        explicitness=_mean_score(linear),
        elements=tuple(elements), factors=tuple(rows), left_out=left_out,
        infom=measure_infom(z_ND, held_out_information(z_ND, factors, seed)).score,
    )  # fmt: skip


def _with_enough_images(
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
            values[np.isin(values, levels[counts < FEWEST_IMAGES_PER_LEVEL])] = np.nan
        known = values[~np.isnan(values)]
        if len(known) < FEWEST_IMAGES or known.min() == known.max():
            left_out[factor.name] = f"too few images of known and different values ({len(known)})"
        else:
            kept.append(Factor(factor.name, factor.kind, values, factor.levels, factor.note))
    if not kept:
        raise InputError(
            f"no factor is known for {FEWEST_IMAGES} images or more, of different values, "
            f"among {n}; give more images or another table"
        )
    return kept, left_out


def _ranked(found: Information, factor: int, rank: int) -> int | None:
    """The element of a rank by information about a factor, where that is beyond chance."""
    order = np.argsort(-found.fraction[:, factor], kind="stable")
    beyond_chance = rank < len(order) and found.found[order[rank], factor]
    return int(order[rank]) if beyond_chance else None


def _mean_score(scores: Sequence[Score]) -> float:
    return float(np.mean([max(score.score or 0.0, 0.0) for score in scores]))
