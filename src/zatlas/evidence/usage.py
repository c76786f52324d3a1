"""Which elements a model uses: no labels needed.

An element is *constant* where it is the same for every image; *at the prior* where the mean of a
Gaussian code varies by 0.01 or less over images (not an active unit, Burda et al. 2016); *ignored*
where the decoder changes less than a hundredth as much (in variance) as it does for an average
element; else *used*.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.evidence.axes import principal_axes
from zatlas.evidence.measure import Array
from zatlas.latents import statistics

ACTIVE_VARIANCE = 0.01
"""Burda et al. 2016; for codes whose prior has variance 1."""
IGNORED = 0.01
"""Of what an average element does to the picture, in variance."""
COPY = 0.95
"""Two elements of a higher absolute correlation are copies of one another."""
_NEARLY = 0.1  # of the elements: with fewer in use a code is nearly collapsed

State = Literal["used", "ignored", "at the prior", "constant"]
_IDLE: dict[State, str] = {
    "constant": "the same for every image",
    "at the prior": "at the prior whatever the image",
    "ignored": "ignored by the decoder",
}
_TOLD = 3  # groups of copies in a verdict


@dataclass(frozen=True)
class ElementUse:
    """One element: its ``state``; ``variance`` over images (of its mean, for a Gaussian code);
    ``kl`` in nats, exact, to the standard normal (None for a plain code); ``drive``, its share of
    what all elements do to the picture, sd^2 |dD/dz|^2 over their sum (None without a
    sensitivity); ``nearest``, the element most like it, with its correlation; ``axis``, the
    principal axis (0 the widest) that it correlates most with, the correlation, and the cosine of
    the angle between them (1: the element is that axis).
    """

    element: int
    state: State
    variance: float
    kl: float | None
    drive: float | None
    nearest: int | None
    nearest_correlation: float
    axis: int
    axis_correlation: float
    axis_cosine: float


@dataclass(frozen=True)
class Usage:
    """The whole code over ``n`` images.

    ``used`` elements; ``kl`` in nats, summed; ``copies``: groups of used elements that are copies
    of one another; ``effective``: number of directions that codes spread over
    (``zatlas.evidence.axes``); ``axes``: shares of the variance along the principal axes;
    ``total_correlation`` in nats, and what chance alone gives for as many images;
    ``verdict`` in words.
    """

    n: int
    used: int
    gaussian: bool
    kl: float | None
    copies: tuple[tuple[int, ...], ...]
    effective: float
    axes: tuple[float, ...]
    total_correlation: float | None
    total_correlation_chance: float | None
    verdict: str
    elements: tuple[ElementUse, ...]


def usage(
    z_ND: Array,
    *,
    sd_ND: Array | None = None,
    sensitivity_D: Array | None = None,
    seed: int = 0,
) -> Usage:
    """Which elements of codes (N, D) are used.

    For a Gaussian code ``z_ND`` holds the means and ``sd_ND`` the standard deviations.
    ``sensitivity_D`` is the decoder's answer to each element, root mean square per sd
    (``zatlas.evidence.response.sensitivity``): its square already holds the element's variance.
    Raises InputError where shapes differ, there are fewer than 2 codes, or an sd is not positive.
    """
    z_ND = np.asarray(z_ND, np.float64)
    n, d = z_ND.shape
    if n < 2:
        raise InputError(f"codes: {n} of them; usage needs at least 2 images")
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
    return Usage(
        n=n,
        used=int(used.sum()),
        gaussian=kl is not None,
        kl=None if kl is None else float(kl.sum()),
        copies=groups,
        effective=axes.effective,
        axes=tuple(axes.share.tolist()),
        total_correlation=total_correlation(z_ND),
        total_correlation_chance=total_correlation(_shuffled(z_ND, seed)),
        verdict=verdict(states, groups, None if kl is None else float(kl.sum())),
        elements=tuple(
            ElementUse(
                element=j,
                state=states[j],
                variance=float(variance[j]),
                kl=None if kl is None else float(kl[j]),
                drive=None if drive is None else float(drive[j]),
                nearest=int(nearest[j]) if alike[j].any() else None,
                nearest_correlation=float(alike[j, nearest[j]]),
                axis=int(axis[j]),
                axis_correlation=float(axes.correlation[j, axis[j]]),
                axis_cosine=float(abs(axes.directions[axis[j], j])),
            )
            for j in range(d)
        ),
    )


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
        centred[:, codes.max(0) == codes.min(0)] = 0.0  # a constant: whatever rounding left
        length = np.linalg.norm(centred, axis=0)
        return np.asarray(centred / np.where(length > 0, length, 1.0))

    return np.asarray(np.clip(unit(a_ND).T @ unit(b_NE), -1, 1))


def copies(correlation_DD: Array) -> tuple[tuple[int, ...], ...]:
    """Groups of elements linked by an absolute correlation above 0.95, smallest index first."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    linked = csr_array(np.abs(correlation_DD) > COPY)
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
    matrix = statistics.gather(scaled).covariance
    return None if matrix is None else max(0.0, -float(np.linalg.slogdet(matrix)[1]) / 2)


def verdict(states: list[State], groups: Sequence[Sequence[int]], kl: float | None) -> str:
    """Whether the code has collapsed, in words, by rule."""
    d, used = len(states), states.count("used")
    idle = [f"{states.count(state)} {words}" for state, words in _IDLE.items() if state in states]
    if not used:
        text = f"Collapsed: none of the {d} elements is used"
    elif used < _NEARLY * d:
        text = f"Nearly collapsed: {used} of {d} elements used"
    elif used < d:
        text = f"Partly used: {used} of {d} elements"
    else:
        text = f"No collapse: all {d} elements are used"
    text += f" ({', '.join(idle)})." if idle else "."
    if kl is not None:
        text += f" KL {kl:.3g} nats in all."
    for group in groups[:_TOLD]:
        text += f" {', '.join(f'z[{j}]' for j in group)} are copies of one another."
    if len(groups) > _TOLD:
        text += f" {len(groups) - _TOLD} more groups of copies."
    return text


def _state(variance: float, gaussian: bool, relative_drive: float | None) -> State:
    if variance == 0:
        return "constant"
    if gaussian and variance <= ACTIVE_VARIANCE:
        return "at the prior"
    return "ignored" if relative_drive is not None and relative_drive < IGNORED else "used"


def _drive(sensitivity_D: Array, d: int) -> Array:
    if sensitivity_D.shape != (d,):
        raise InputError(f"sensitivity of shape {sensitivity_D.shape} for {d} elements")
    squares = sensitivity_D.astype(np.float64) ** 2
    return np.asarray(squares / max(squares.sum(), 1e-300))


def _shuffled(z_ND: Array, seed: int) -> Array:
    """Each element's values in an order of its own: the same margins, no dependence."""
    return np.random.default_rng(seed).permuted(z_ND, axis=0)
