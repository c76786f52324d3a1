"""Which elements a model uses: no labels needed.

An element is *constant* where it is the same for every image; *at the prior* where the mean of a
Gaussian code varies by 0.01 or less over images (not an active unit, Burda et al. 2016); *ignored*
where the decoder changes less than a hundredth as much (in variance) as it does for an average
element; else *used*.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.evidence.arrays import Array
from zatlas.latents import code_statistics
from zatlas.latents.directions.bases import principal_axes
from zatlas.schema import Number, Numbers, OptionalNumber, Record

ACTIVE_VARIANCE = 0.01
"""An active unit has a larger variance (Burda et al. 2016); for a prior of variance 1."""
IGNORED_FRACTION = 0.01
"""An ignored element has less than this fraction of the average element's drive."""
COPY_CORRELATION = 0.95
"""Two elements of a higher absolute correlation are copies of one another."""
NEARLY_COLLAPSED_FRACTION = 0.1
"""With a smaller fraction of its elements in use, a code is nearly collapsed."""

State = Literal["used", "ignored", "at the prior", "constant"]
_IDLE: dict[State, str] = {
    "constant": "the same for every image",
    "at the prior": "at the prior whatever the image",
    "ignored": "ignored by the decoder",
}
_GROUPS_SHOWN = 3  # groups of copies in a verdict
_COPIES_SHOWN = 6  # elements of one group


class ElementUse(Record):
    """How one element is used.

    ``variance`` is over images (of the mean, for a Gaussian code). ``kl`` is in nats, exact, to the
    standard normal (None for a plain code). ``drive`` is its fraction of what all elements do to
    the picture, sd^2 |dD/dz|^2 over their sum (None without a sensitivity). ``nearest`` is the
    element with the largest absolute correlation. ``axis`` is the principal axis (0 the widest)
    that it correlates most with, and ``axis_cosine`` the cosine of the angle between them (1: the
    element is that axis).
    """

    element: int
    state: State
    variance: Number
    kl: OptionalNumber
    drive: OptionalNumber
    nearest: int | None
    nearest_correlation: Number
    axis: int
    axis_correlation: Number
    axis_cosine: Number


class Usage(Record):
    """The whole code over ``n`` images.

    ``used`` is the number of elements in use, ``kl`` their sum in nats. ``copies`` are groups of
    used elements that are copies of one another. ``effective`` is the number of directions that
    codes spread over (``latents/directions/bases.py``), ``axes`` the fractions of the variance
    along the principal axes. ``total_correlation`` is in nats, beside what chance gives for as many
    images. ``verdict`` says in words whether the code has collapsed.
    """

    n: int
    used: int
    gaussian: bool
    kl: OptionalNumber
    copies: tuple[tuple[int, ...], ...]
    effective: Number
    axes: Numbers
    total_correlation: OptionalNumber
    total_correlation_chance: OptionalNumber
    verdict: str
    elements: tuple[ElementUse, ...]


def measure_usage(
    z_ND: Array,
    *,
    sd_ND: Array | None = None,
    sensitivity_D: Array | None = None,
    seed: int = 0,
) -> Usage:
    """Which elements of a code are used.

    Parameters
    ----------
    z_ND, sd_ND : codes; of a Gaussian code the means and the standard deviations.
    sensitivity_D : the decoder's slope along each element per sd (``effects/sensitivity.py``).
    seed : of the shuffles that give the total correlation of chance.

    Raises
    ------
    InputError
        Shapes differ, there are fewer than 2 codes, or an sd is not positive.
    """
    z_ND = np.asarray(z_ND, np.float64)
    if z_ND.ndim != 2 or len(z_ND) < 2:
        raise InputError(f"codes of shape {z_ND.shape}; give (images, elements), at least 2 images")
    n, d = z_ND.shape
    kl = None if sd_ND is None else gaussian_kl(z_ND, sd_ND)
    variance = z_ND.var(0)
    variance[z_ND.max(0) == z_ND.min(0)] = 0.0
    drive = None if sensitivity_D is None else _drive(sensitivity_D, d)
    states: list[State] = [
        _state(v, kl is not None, None if drive is None else drive[j] * d)
        for j, v in enumerate(variance)
    ]
    alike = correlations(z_ND, z_ND)
    np.fill_diagonal(alike, 0.0)
    nearest = np.abs(alike).argmax(1)
    axes = principal_axes(z_ND)
    axis = np.abs(axes.correlation).argmax(1)
    used = np.array([state == "used" for state in states])
    groups = copies(np.where(used & used[:, None], alike, 0.0))
    elements = [
        ElementUse(
            element=j, state=states[j], variance=variance[j], kl=None if kl is None else kl[j],
            drive=None if drive is None else drive[j],
            nearest=int(nearest[j]) if alike[j].any() else None,
            nearest_correlation=alike[j, nearest[j]], axis=int(axis[j]),
            axis_correlation=axes.correlation[j, axis[j]],
            axis_cosine=abs(axes.directions[axis[j], j]),
        )
        for j in range(d)
    ]  # fmt: skip
    total_kl = None if kl is None else float(kl.sum())
    return Usage(
        n=n, used=int(used.sum()), gaussian=kl is not None, kl=total_kl, copies=groups,
        effective=axes.effective, axes=axes.fraction, total_correlation=total_correlation(z_ND),
        total_correlation_chance=total_correlation(_shuffled(z_ND, seed)),
        verdict=verdict(states, groups, total_kl), elements=tuple(elements),
    )  # fmt: skip


def gaussian_kl(mean_ND: Array, sd_ND: Array) -> Array:
    """KL of each element from N(mean, sd^2) to N(0, 1), averaged over images, (D,) nats. Exact."""
    if sd_ND.shape != mean_ND.shape or not np.all(sd_ND > 0):
        raise InputError(
            f"sd of shape {sd_ND.shape} for codes {mean_ND.shape}; give one above 0 for each"
        )
    variance = sd_ND.astype(np.float64) ** 2
    return np.asarray((mean_ND**2 + variance - 1 - np.log(variance)).mean(0) / 2)


def correlations(a_ND: Array, b_NE: Array) -> Array:
    """Pearson correlation of every element of one code with every one of another, (D, E).

    0 for an element that does not vary.
    """

    def unit(codes: Array) -> NDArray[np.float64]:
        centred = codes - codes.mean(0, dtype=np.float64)
        centred[:, codes.max(0) == codes.min(0)] = 0.0  # constant: nothing but rounding is left
        length = np.linalg.norm(centred, axis=0)
        return np.asarray(centred / np.where(length > 0, length, 1.0))

    return np.asarray(np.clip(unit(a_ND).T @ unit(b_NE), -1, 1))


def copies(correlation_DD: Array) -> tuple[tuple[int, ...], ...]:
    """Groups of elements linked by an absolute correlation above 0.95, smallest index first."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    linked = csr_array(np.abs(correlation_DD) > COPY_CORRELATION)
    groups = connected_components(linked, directed=False)[1]
    members = [np.flatnonzero(groups == g) for g in np.unique(groups[np.diff(linked.indptr) > 0])]
    return tuple(sorted(tuple(group.tolist()) for group in members))


def total_correlation(z_ND: Array) -> float | None:
    """How far the elements are from independent, nats, as if codes were normal; 0 and up.

    KL from the joint to the product of its margins, -log det(R) / 2 with R the correlation matrix
    of the elements that vary, shrunk towards the identity (Ledoit & Wolf 2004): codes on a sheet
    would give infinity otherwise. None beyond 2,048 elements.
    """
    spread = z_ND.std(0)
    live = z_ND.max(0) != z_ND.min(0)
    if not live.any():
        return 0.0
    scaled = (z_ND[:, live] - z_ND[:, live].mean(0)) / spread[live]
    matrix = code_statistics.gather(scaled).covariance
    return None if matrix is None else max(0.0, -float(np.linalg.slogdet(matrix)[1]) / 2)


def verdict(states: list[State], groups: Sequence[Sequence[int]], kl: float | None) -> str:
    """Whether the code has collapsed, in words, by rule."""
    d, used = len(states), states.count("used")
    idle = [f"{states.count(state)} {words}" for state, words in _IDLE.items() if state in states]
    if not used:
        text = f"Collapsed: none of the {d} elements is used"
    elif used < NEARLY_COLLAPSED_FRACTION * d:
        text = f"Nearly collapsed: {used} of {d} elements used"
    elif used < d:
        text = f"Partly used: {used} of {d} elements"
    else:
        text = f"No collapse: all {d} elements are used"
    text += f" ({', '.join(idle)})." if idle else "."
    if kl is not None:
        text += f" KL {kl:.3g} nats in all."
    for group in groups[:_GROUPS_SHOWN]:
        text += f" {_listed(group)} are copies of one another."
    if (more := len(groups) - _GROUPS_SHOWN) > 0:
        text += f" {more} more group{'s' * (more > 1)} of copies."
    return text


def _listed(group: Sequence[int]) -> str:
    """The elements of a group: of a large one the first few and how many there are."""
    names = ", ".join(f"z[{j}]" for j in group[:_COPIES_SHOWN])
    return names if len(group) <= _COPIES_SHOWN else f"{len(group)} elements ({names} ...)"


def _state(variance: float, gaussian: bool, relative_drive: float | None) -> State:
    if variance == 0:
        return "constant"
    if gaussian and variance <= ACTIVE_VARIANCE:
        return "at the prior"
    return "ignored" if relative_drive is not None and relative_drive < IGNORED_FRACTION else "used"


def _drive(sensitivity_D: Array, d: int) -> Array:
    if sensitivity_D.shape != (d,):
        raise InputError(f"sensitivity of shape {sensitivity_D.shape} for {d} elements")
    squares = sensitivity_D.astype(np.float64) ** 2
    return np.asarray(squares / max(squares.sum(), 1e-300))


def _shuffled(z_ND: Array, seed: int) -> Array:
    """Each element's values in another order: the same margins, no dependence."""
    return np.random.default_rng(seed).permuted(z_ND, axis=0)
