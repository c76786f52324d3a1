"""Stability: the codes of the same images from runs of other seeds.

With every seed the elements have another order and other signs. They are matched one to one so that
the sum of absolute correlations is largest (Hungarian method, Kuhn 1955).
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from scipy import optimize, stats

from zatlas.errors import InputError
from zatlas.evidence.arrays import Array
from zatlas.evidence.codes.usage import correlations
from zatlas.schema import Number, Numbers, OptionalNumber, OptionalNumbers, Record

_SHUFFLES = 20  # for the correlation that chance gives
_CHANCE_PERCENTILE = 95  # of the correlations of chance, which a match has to exceed
LASSO_PENALTY = 0.1
"""Weight of the penalty in the regressions of UDR, as published."""


class Match(Record):
    """Elements of run A, each beside its partner in run B, over ``n`` images.

    ``partner`` (D,): index in B, None where B has fewer elements or nothing of either varies;
    ``correlation`` (D,): with the partner, signed; ``same_index`` (D,): with the element of the
    same number in B (None where there is none); ``median`` and ``same_index_median``: medians of
    their absolute values over the elements of A that vary; ``chance``: the median that matching
    finds when the images of B are shuffled, ``chance_high`` the 95th percentile (None in older
    records).
    """

    n: int
    partner: tuple[int | None, ...]
    correlation: Numbers
    same_index: OptionalNumbers
    median: Number
    same_index_median: Number
    chance: Number
    chance_high: OptionalNumber = None


def match_elements(a_ND: Array, b_NE: Array, seed: int = 0) -> Match:
    """Match the elements of two codes, (N, D) and (N, E), of the same N images.

    Raises InputError where the images differ in number or are fewer than 3.
    """
    _check([a_ND, b_NE])
    table = correlations(a_ND, b_NE)
    partner = _assign(table)
    paired = np.array([0.0 if e is None else table[d, e] for d, e in enumerate(partner)])
    d, e = table.shape
    same = np.diagonal(table)
    live = a_ND.max(0) != a_ND.min(0)
    rng = np.random.default_rng(seed)
    shuffled = [_matched(correlations(a_ND, rng.permutation(b_NE)))[live] for _ in range(_SHUFFLES)]
    return Match(
        n=len(a_ND),
        partner=partner,
        correlation=paired,
        same_index=tuple(same.tolist()) + (None,) * max(0, d - e),
        median=_median(np.abs(paired[live])),
        same_index_median=_median(np.abs(same[live[: len(same)]])),
        chance=_median(np.concatenate(shuffled)),
        chance_high=np.percentile(np.concatenate(shuffled), _CHANCE_PERCENTILE)
        if live.any()
        else 0.0,
    )


class ElementStability(Record):
    """One element of run A in ``runs`` other runs: in ``found`` of them it is found again.

    ``chance`` is the correlation that matching finds when images are shuffled (median over runs).
    """

    found: int
    runs: int
    chance: Number


class Stability(Record):
    """Run A (the first) beside runs of other seeds.

    ``matches`` has one entry for each other run. ``best`` (D,) is, for each element of A, the
    median over the other runs of its absolute matched correlation. ``udr`` has a score for each
    run, A first; ``variant`` is how similarity was measured; ``udr_chance`` is A's score when
    images are shuffled between runs.
    """

    best: Numbers
    udr: Numbers
    udr_chance: Number
    variant: str
    matches: tuple[Match, ...]

    def of(self, element: int, smallest: float) -> ElementStability:
        """How often one element is found again.

        It is found in a run where the absolute correlation with its partner there is ``smallest``
        or more, and above that of chance.
        """
        bounds = [max(smallest, match.chance_high or 0.0) for match in self.matches]
        found = [abs(match.correlation[element]) for match in self.matches]
        return ElementStability(
            found=sum(r >= bound for r, bound in zip(found, bounds, strict=True)),
            runs=len(found),
            chance=np.median([match.chance for match in self.matches]),
        )


def measure_stability(
    codes: Sequence[Array],
    *,
    informative: Sequence[Array] | None = None,
    variant: Literal["lasso", "spearman"] = "lasso",
    seed: int = 0,
) -> Stability:
    """Compare codes of the same images from two runs or more.

    Parameters
    ----------
    codes : (N, D) for each run; the run in question comes first.
    informative : for each run, True for the elements (D,) that carry information (for a Gaussian
        code, KL of at least 0.01 nats). Without it, the elements that vary.
    variant : of :func:`udr`.
    seed : of the shuffles.

    Raises
    ------
    InputError
        There are fewer than two runs, other numbers of images, or fewer than 3 images.
    """
    _check(codes)
    masks = [z.max(0) != z.min(0) for z in codes] if informative is None else list(informative)
    kept = [z[:, mask] for z, mask in zip(codes, masks, strict=True)]
    matches = tuple(match_elements(codes[0], other, seed) for other in codes[1:])
    paired = [_matched(correlations(codes[0], other)) for other in codes[1:]]
    rng = np.random.default_rng(seed)
    apart = [udr_pair(kept[0], rng.permutation(other), variant) for other in kept[1:]]
    return Stability(
        best=np.median(paired, axis=0),
        udr=udr(kept, variant),
        udr_chance=np.median(apart),
        variant=variant,
        matches=matches,
    )


def udr(
    codes: Sequence[Array], variant: Literal["lasso", "spearman"] = "lasso"
) -> tuple[float, ...]:
    """Unsupervised disentanglement ranking (UDR) of each run: the median over the other runs.

    It is high where each element of a run has one counterpart in the others: disentangled runs
    have one, rotated ones do not. ``codes`` hold the informative elements alone. By the published
    Lasso a perfect pair scores 0.9: the penalty takes a tenth off every coefficient.

    References
    ----------
    Duan et al. 2020, "Unsupervised model selection for variational disentangled representation
    learning", ICLR.
    """
    scores = []
    for i, own in enumerate(codes):
        others = [other for j, other in enumerate(codes) if j != i]
        scores.append(float(np.median([udr_pair(other, own, variant) for other in others])))
    return tuple(scores)


def udr_pair(a_ND: Array, b_NE: Array, variant: Literal["lasso", "spearman"] = "lasso") -> float:
    """UDR of one pair of runs, 0 to 1.

    With R (D, E) the similarity of elements: (sum over columns of max^2 / sum, plus the same over
    rows) / (D + E). "lasso": absolute coefficients of Lasso regressions (penalty 0.1) from all of
    A to each element of B, both scaled to sd 1. "spearman": absolute rank
    correlations, whose noise grows with the number of elements and pulls the score down.
    """
    if not a_ND.shape[1] or not b_NE.shape[1]:
        return 0.0
    similar = _lasso(a_ND, b_NE) if variant == "lasso" else _spearman(a_ND, b_NE)
    return float((_relative(similar) + _relative(similar.T)) / sum(similar.shape))


def _relative(similar: Array) -> float:
    """Sum over columns of max^2 / sum, 0 for an empty one."""
    total, best = similar.sum(0), similar.max(0)
    return float(np.divide(best**2, total, out=np.zeros_like(total), where=total > 0).sum())


def _lasso(a_ND: Array, b_NE: Array) -> Array:
    from sklearn.linear_model import Lasso

    a, b = stats.zscore(a_ND, axis=0), stats.zscore(b_NE, axis=0)
    fitted = Lasso(LASSO_PENALTY, precompute=True).fit(a, b)
    return np.asarray(np.abs(fitted.coef_).reshape(b.shape[1], -1).T)


def _spearman(a_ND: Array, b_NE: Array) -> Array:
    return np.abs(correlations(stats.rankdata(a_ND, axis=0), stats.rankdata(b_NE, axis=0)))


def _assign(table_DE: Array) -> tuple[int | None, ...]:
    """The partner of each row; None for a row without any correlation, or left over."""
    rows, columns = optimize.linear_sum_assignment(-np.abs(table_DE))
    partner: list[int | None] = [None] * len(table_DE)
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        if table_DE[row, column] != 0:
            partner[row] = column
    return tuple(partner)


def _matched(table_DE: Array) -> Array:
    """Absolute correlation of each row with its partner, (D,); 0 where it has none."""
    partners = _assign(table_DE)
    found = [0.0 if e is None else abs(table_DE[d, e]) for d, e in enumerate(partners)]
    return np.array(found)


def _median(values: Array) -> float:
    return float(np.median(values)) if len(values) else 0.0


def _check(codes: Sequence[Array]) -> None:
    if len(codes) < 2:
        raise InputError(f"stability of {len(codes)} run; give at least one other seed")
    sizes = [len(z) for z in codes]
    if len(set(sizes)) > 1 or sizes[0] < 3:
        raise InputError(f"codes of {sizes} images; give the same 3 or more images to every run")
