"""Ways through the latent space: traversals, interpolations, samples of the prior."""

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.latents.statistics import CodeStatistics

Codes = NDArray[np.float32]


def traversal(
    z_D: Codes, element: int, statistics: CodeStatistics, span: float = 3.0, steps: int = 9
) -> tuple[Codes, NDArray[np.float64]]:
    """One element swept through the image's own code.

    Returns codes (T, D) and the offsets (T,) in sd from -span to span; ``steps`` is odd, so the
    middle one is the image's own code, exactly. Raises InputError for an even number of steps, an
    element beyond the code and a dead element.
    """
    if z_D.shape != statistics.sd.shape:
        raise InputError(f"code: shape {z_D.shape}; one image's is {statistics.sd.shape}")
    if steps < 3 or steps % 2 == 0:
        raise InputError(f"--steps {steps}: an odd number from 3 on keeps the image's own code")
    if not -len(z_D) <= element < len(z_D):
        raise InputError(
            f"--elements {element}: the code has {len(z_D)} elements, 0 to {len(z_D) - 1}"
        )
    if not np.isfinite(span) or span <= 0:
        raise InputError(f"--span {span:g}: a number of standard deviations above 0")
    if statistics.dead[element]:
        raise InputError(f"--elements {element}: is dead (the same in every image); take another")
    offsets = np.linspace(-span, span, steps)
    offsets[steps // 2] = 0.0
    codes = np.repeat(z_D[None], steps, axis=0)
    codes[:, element] += (offsets * statistics.sd[element]).astype(np.float32)
    return codes, offsets


def interpolation(
    start_D: Codes, end_D: Codes, steps: int = 9, spherical: bool = False
) -> tuple[Codes, NDArray[np.float64]]:
    """Codes (T, D) from one to another, both included, and the shares (T,) of the way.

    Straight, or along the great circle (slerp; Shoemake 1985, White 2016), which keeps the length
    of codes of equal length. Raises InputError for fewer than two steps, and for codes of other
    shapes.
    """
    if start_D.ndim != 1 or start_D.shape != end_D.shape:
        raise InputError(f"codes: shapes {start_D.shape} and {end_D.shape}; give two of shape (D,)")
    if steps < 2:
        raise InputError(f"--steps {steps}: an interpolation has at least 2")
    shares = np.linspace(0.0, 1.0, steps)
    start, end = start_D.astype(float), end_D.astype(float)
    near, far = 1 - shares, shares
    if spherical:
        lengths = np.linalg.norm(start) * np.linalg.norm(end)
        cosine = float(np.clip(start @ end / lengths, -1, 1)) if lengths else 1.0
        angle = np.arccos(cosine)
        if np.sin(angle) > 1e-6:  # else the two point the same way and the arc is the line
            near, far = np.sin(near * angle) / np.sin(angle), np.sin(far * angle) / np.sin(angle)
    return np.asarray(np.outer(near, start) + np.outer(far, end), np.float32), shares


def prior(count: int, latent: int, seed: int) -> Codes:
    """Codes (count, D) from the standard normal prior of a Gaussian bottleneck."""
    return np.random.default_rng(seed).standard_normal((count, latent)).astype(np.float32)


def around_codes(count: int, statistics: CodeStatistics, seed: int) -> Codes:
    """Codes (count, D) from a normal with the mean and covariance of the run's codes.

    Where D is beyond the covariance's limit, each element is drawn by its own sd.
    """
    rng = np.random.default_rng(seed)
    if statistics.covariance is None:
        drawn = rng.standard_normal((count, len(statistics.mean)))
        return np.asarray(statistics.mean + statistics.sd * drawn, np.float32)
    drawn = rng.multivariate_normal(
        statistics.mean, statistics.covariance, count, check_valid="ignore", method="eigh"
    )
    return drawn.astype(np.float32)
