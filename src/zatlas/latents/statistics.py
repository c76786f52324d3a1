"""The statistics of a run's codes: what is usual for each latent element."""

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.files import whole

Floats = NDArray[np.floating]

KEPT_CODES = 4096  # for neighbours
WIDEST_COVARIANCE = 2048
LEVELS = np.concatenate([[0.0, 0.001, 0.005], np.linspace(0.01, 0.99, 99), [0.995, 0.999, 1.0]])


@dataclass(frozen=True)
class CodeStatistics:
    """What the codes of ``count`` images look like; D elements.

    ``mean`` and ``sd`` are (D,); an element of sd 0 is dead and has no size in sd. ``quantiles``
    (Q, D) stand at ``levels`` (Q,) in 0..1. ``covariance`` (D, D) has its correlations
    shrunk towards 0 (Ledoit & Wolf 2004), and is None beyond D = 2048. ``codes`` (M, D) are up to
    4,096 of the images' codes, evenly spaced.
    """

    count: int
    mean: Floats
    sd: Floats
    levels: Floats
    quantiles: Floats
    covariance: Floats | None
    codes: NDArray[np.float32]

    @property
    def dead(self) -> NDArray[np.bool_]:
        """True for each element (D,) that is the same in every image."""
        return np.asarray(self.sd == 0)

    def percentile(self, z_BD: Floats, elements: NDArray[np.integer] | None = None) -> Floats:
        """Where each value stands among the images' values of its element, 0..100, (B, D); of
        some ``elements`` (L,) alone, (B, L).

        Below the least value it is 0, above the greatest 100; of a value that many share, the
        middle of them; a dead element's own value is 50.
        """
        at = np.arange(len(self.mean)) if elements is None else elements
        z, mean, levels = np.asarray(z_BD, float)[:, at], self.mean[at], 100 * self.levels
        ranks = np.empty_like(z)
        for d, known in enumerate(self.quantiles.T[at]):
            above = np.interp(z[:, d], known, levels)
            below = np.interp(-z[:, d], -known[::-1], levels[::-1])
            ranks[:, d] = (above + below) / 2  # they differ where many images share a value
        beside = np.where(z == mean, 50.0, np.where(z < mean, 0.0, 100.0))
        return np.where(np.broadcast_to(self.dead[at], z.shape), beside, ranks)

    def quantile(self, level: float) -> Floats:
        """The value of each element (D,) below which the share ``level`` of the images lies."""
        return np.array([np.interp(level, self.levels, q) for q in self.quantiles.T])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write as ``.npz``, whole or not at all."""
        arrays = {k: v for k, v in vars(self).items() if v is not None}
        with whole(path) as part:
            np.savez_compressed(part, **arrays)


def gather(codes_ND: NDArray[np.float32]) -> CodeStatistics:
    """The statistics of codes (N, D), computed in float64.

    Raises InputError where there are fewer than two codes or one is not finite.
    """
    if len(codes_ND) < 2:
        raise InputError(f"codes: {len(codes_ND)} of them; statistics need at least 2 images")
    if not np.isfinite(codes_ND).all():
        raise InputError("codes: some are not finite; the model did not train (try a smaller --lr)")
    codes = codes_ND.astype(np.float64)
    sd = codes.std(0)
    sd[codes.max(0) == codes.min(0)] = 0.0  # exactly dead, whatever rounding left in the sum
    step = -(-len(codes) // KEPT_CODES)
    return CodeStatistics(
        count=len(codes),
        mean=codes.mean(0),
        sd=sd,
        levels=LEVELS,
        quantiles=np.quantile(codes, LEVELS, axis=0),
        covariance=_shrunk_covariance(codes, sd) if len(sd) <= WIDEST_COVARIANCE else None,
        codes=codes_ND[::step].copy(),
    )


def load(path: str | os.PathLike[str], latent: int) -> CodeStatistics:
    """Read what ``CodeStatistics.save`` wrote of ``latent`` elements; else InputError."""
    try:
        if Path(path).exists() and not zipfile.is_zipfile(path):
            raise ValueError("not a whole .npz archive")
        with np.load(path, allow_pickle=False) as arrays:
            found = {key: arrays[key] for key in arrays.files}
        found.setdefault("covariance", None)
        statistics = CodeStatistics(**{**found, "count": int(found["count"])})
        _check_shapes(statistics, latent)
    except FileNotFoundError:
        raise InputError(f"{path}: missing; train the run to its end first") from None
    except Exception as error:  # damaged archives raise nearly every kind
        raise InputError(
            f"{path}: holds no statistics of {latent} latent elements ({error}); copy it anew, or "
            "train again"
        ) from None
    return statistics


def _check_shapes(statistics: CodeStatistics, latent: int) -> None:
    shapes = {
        "mean": (latent,), "sd": (latent,), "codes": (len(statistics.codes), latent),
        "quantiles": (len(statistics.levels), latent), "levels": (len(statistics.levels),),
        "covariance": (latent, latent),
    }  # fmt: skip
    for name, shape in shapes.items():
        array = getattr(statistics, name)
        if array is not None and (array.shape != shape or array.dtype.kind != "f"):
            raise ValueError(f"{name}: {array.dtype} {array.shape}")


def _shrunk_covariance(codes_ND: Floats, sd_D: Floats) -> Floats:
    """The covariance of the live elements, their correlations shrunk; 0 for the dead ones.

    Ledoit & Wolf 2004, "A well-conditioned estimator for large-dimensional covariance matrices",
    on codes in sd: towards the identity, so that a loud element lends nothing to a quiet one.
    Written out in one product of matrices, (N, D) at a time, since the library's own routine
    comes with an extra. Pinned against it in the tests.
    """
    live = sd_D > 0
    covariance = np.zeros((len(sd_D), len(sd_D)))
    if not live.any():
        return covariance
    scaled = (codes_ND[:, live] - codes_ND[:, live].mean(0)) / sd_D[live]
    count, width = scaled.shape
    sample = scaled.T @ scaled / count
    distance = np.sum((sample - np.eye(width)) ** 2) / width
    squares = scaled**2
    spread = (np.sum(squares.T @ squares) / count - np.sum(sample**2)) / width / count
    shrinkage = 0.0 if distance == 0 else min(max(spread / distance, 0.0), 1.0)
    shrunk = (1 - shrinkage) * sample + shrinkage * np.eye(width)
    covariance[np.ix_(live, live)] = shrunk * np.outer(sd_D[live], sd_D[live])
    return covariance
