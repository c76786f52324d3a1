"""Traversals of one element and interpolations between two codes."""

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError, argument_error
from zatlas.latents.code_statistics import CodeStatistics
from zatlas.latents.coding import Codes, checked_codes

Floats = NDArray[np.float64]


def traversal(
    codes: Codes, element: int, statistics: CodeStatistics, span: float = 3.0, steps: int = 9
) -> tuple[Codes, NDArray[np.float64]]:
    """Sweep one element of the codes of images.

    Parameters
    ----------
    codes : one code (D,), or any number (..., D).
    element : the index of the element; negative ones count from the end.
    statistics : they give the sd of the element.
    span : the largest offset to each side, in sd.
    steps : the number of codes T; it is odd, so the middle one is the code itself.

    Returns
    -------
    codes : (..., T, D).
    offsets : (T,), in sd, from -span to span.

    Raises
    ------
    InputError
        The number of steps is even, or the element is outside the code or dead.
    """
    latent = len(statistics.sd)
    codes = checked_codes(codes, latent)
    if steps < 3 or steps % 2 == 0:
        raise argument_error("steps", steps, "give an odd number, 3 or more")
    if not -latent <= element < latent:
        hint = f"the code has {latent} elements, 0 to {latent - 1}"
        raise argument_error("elements", element, hint)
    if not np.isfinite(span) or span <= 0:
        raise argument_error("span", f"{span:g}", "give a number of standard deviations above 0")
    if statistics.dead[element]:
        raise argument_error("elements", element, "is dead (the same in every image); take another")
    offsets = np.linspace(-span, span, steps)
    offsets[steps // 2] = 0.0
    moved = (offsets * statistics.sd[element]).astype(np.float32)
    swept = sweep(codes.reshape(-1, latent), element, moved)
    return swept.reshape(*codes.shape[:-1], steps, latent), offsets


def offset_labels(offsets_T: NDArray[np.float64]) -> list[str]:
    """The offsets of a traversal as text.

    >>> offset_labels(np.array([-1.5, 0.0]))
    ['-1.5 sd', '0 sd']
    """
    return [f"{offset:+.3g} sd" if offset else "0 sd" for offset in offsets_T]


def sweep(codes_ND: Codes, element: int, offsets_T: Codes) -> Codes:
    """Move one element of each of N codes by each of T offsets; the others stay.

    Parameters
    ----------
    codes_ND : float32 (N, D).
    element : the index of the element.
    offsets_T : float32 (T,), in the units of the code.

    Returns
    -------
    Codes, float32 (N, T, D).

    Examples
    --------
    >>> sweep(np.zeros((1, 2), np.float32), 1, np.float32([-1, 0, 1])).tolist()
    [[[0.0, -1.0], [0.0, 0.0], [0.0, 1.0]]]
    """
    codes = np.repeat(codes_ND[:, None], len(offsets_T), axis=1)
    codes[:, :, element] += offsets_T
    return codes


def interpolation(
    start: Codes, end: Codes, steps: int = 9, spherical: bool = False
) -> tuple[Codes, NDArray[np.float64]]:
    """Interpolate between two codes, or between the codes of two arrays of the same shape.

    Codes of a bottleneck that quantises lie on a grid, and what is between two of them does not.

    Parameters
    ----------
    start, end : codes (..., D).
    steps : the number of codes T, both ends included.
    spherical : go along the great circle (slerp) and not along the straight line. It keeps the
        length of codes of equal length.

    Returns
    -------
    codes : (..., T, D).
    fractions : (T,), of the distance, from 0 to 1.

    Raises
    ------
    InputError
        There are fewer than two steps, or the codes have other shapes.

    References
    ----------
    Shoemake 1985, "Animating rotation with quaternion curves".
    White 2016, "Sampling generative networks".

    Examples
    --------
    >>> interpolation(np.zeros(1), np.ones(1), steps=3)[0].tolist()
    [[0.0], [0.5], [1.0]]
    """
    latent = np.shape(start)[-1] if np.ndim(start) else 0
    first = checked_codes(start, latent, "start").astype(float)
    last = checked_codes(end, latent, "end").astype(float)
    if last.shape != first.shape:
        raise InputError(f"end: shape {last.shape}, but start has {first.shape}")
    if steps < 2:
        raise argument_error("steps", steps, "give 2 or more")
    fractions = np.linspace(0.0, 1.0, steps)
    pairs = zip(first.reshape(-1, latent), last.reshape(-1, latent), strict=True)
    codes = [_between(*pair, fractions, spherical) for pair in pairs]
    shape = (*first.shape[:-1], steps, latent)
    return np.asarray(codes, np.float32).reshape(shape), fractions


def _between(start: Floats, end: Floats, fractions: Floats, spherical: bool) -> Floats:
    """Codes (T, D) between two codes (D,)."""
    near, far = 1 - fractions, fractions
    if spherical:
        lengths = np.linalg.norm(start) * np.linalg.norm(end)
        angle = np.arccos(float(np.clip(start @ end / lengths, -1, 1)) if lengths else 1.0)
        if np.sin(angle) > 1e-6:  # otherwise the arc is the straight line
            near, far = np.sin(near * angle) / np.sin(angle), np.sin(far * angle) / np.sin(angle)
    return np.outer(near, start) + np.outer(far, end)
