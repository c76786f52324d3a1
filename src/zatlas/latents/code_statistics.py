"""The statistics of a run's codes: mean, sd, quantiles and covariance of the latent elements."""

import os
import zipfile
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.files import atomic_write, open_file

Floats = NDArray[np.floating]

KEPT_CODES = 4096  # stored for nearest neighbours, at most
MOST_CORRELATED_ELEMENTS = 2048  # with more elements, no covariance is stored
LEVELS = np.concatenate([[0.0, 0.001, 0.005], np.linspace(0.01, 0.99, 99), [0.995, 0.999, 1.0]])


@dataclass(frozen=True)
class CodeStatistics:
    """The statistics of the codes of ``count`` images; a code has D elements.

    Attributes
    ----------
    mean, sd : (D,). An element of sd 0 is dead: it is the same in every image.
    levels, quantiles : (Q,) in 0 to 1, and the quantiles (Q, D) at these levels.
    covariance : (D, D), with its correlations shrunk towards 0 (Ledoit & Wolf 2004); None where D
        is above 2,048.
    codes : (M, D), every k-th code, 4,096 at most.
    weights : the fingerprint of the weights that gave the codes; None where it is not known.
    """

    count: int
    mean: Floats
    sd: Floats
    levels: Floats
    quantiles: Floats
    covariance: Floats | None
    codes: NDArray[np.float32]
    weights: str | None = None

    @property
    def dead(self) -> NDArray[np.bool_]:
        """Whether each element (D,) is the same in every image."""
        return np.asarray(self.sd == 0)

    def percentile(self, z_BD: Floats, elements: NDArray[np.integer] | None = None) -> Floats:
        """The percentile, 0 to 100, of each value among the images' values of its element.

        It is 0 below the smallest value and 100 above the largest. Where many images share a value,
        it is the middle of their range. The value of a dead element itself has 50.

        Parameters
        ----------
        z_BD : codes (B, D).
        elements : indexes (L,); by default all elements.

        Returns
        -------
        Percentiles (B, D), or (B, L) for ``elements``.
        """
        at = np.arange(len(self.mean)) if elements is None else elements
        z, mean, levels = np.asarray(z_BD, float)[:, at], self.mean[at], 100 * self.levels
        ranks = np.empty_like(z)
        for d, known in enumerate(self.quantiles.T[at]):
            above = np.interp(z[:, d], known, levels)
            below = np.interp(-z[:, d], -known[::-1], levels[::-1])
            ranks[:, d] = (above + below) / 2  # they differ where many images share a value
        of_dead = np.where(z == mean, 50.0, np.where(z < mean, 0.0, 100.0))
        return np.where(np.broadcast_to(self.dead[at], z.shape), of_dead, ranks)

    def quantile(self, level: float) -> Floats:
        """The value of each element (D,) below which the fraction ``level`` of the images is."""
        return np.array([np.interp(level, self.levels, q) for q in self.quantiles.T])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write as ``.npz``. A file is complete or is not there."""
        arrays = {k: v for k, v in vars(self).items() if v is not None}
        with atomic_write(path) as part:
            np.savez_compressed(part, **arrays)


def gather(codes_ND: NDArray[np.float32]) -> CodeStatistics:
    """The statistics of codes (N, D), computed in float64.

    Raises InputError where there are fewer than two codes, or a code is not finite.

    Examples
    --------
    >>> gather(np.array([[0, 1], [2, 1]], np.float32)).sd.tolist()
    [1.0, 0.0]
    """
    if len(codes_ND) < 2:
        raise InputError(f"codes: of {len(codes_ND)} images; statistics need 2 or more")
    if not np.isfinite(codes_ND).all():
        fault = "some are not finite; the training failed: try a smaller step size, as lr=1e-4"
        raise InputError(f"codes: {fault}", arguments=("lr",))
    codes = codes_ND.astype(np.float64)
    sd = codes.std(0)
    sd[codes.max(0) == codes.min(0)] = 0.0  # exactly 0, whatever the rounding of the sum
    kept = codes_ND[:: -(-len(codes) // KEPT_CODES)].copy()
    quantiles = np.quantile(codes, LEVELS, axis=0)
    covariance = _shrunk_covariance(codes, sd) if len(sd) <= MOST_CORRELATED_ELEMENTS else None
    return CodeStatistics(len(codes), codes.mean(0), sd, LEVELS, quantiles, covariance, kept)


def load(path: str | os.PathLike[str], latent: int) -> CodeStatistics:
    """Read the statistics of ``latent`` elements that ``CodeStatistics.save`` wrote.

    Raises InputError where the file is missing, is damaged, or is of another model.
    """
    try:
        with open_file(path) as file:
            if not zipfile.is_zipfile(file):
                raise ValueError("not a complete .npz archive")
            file.seek(0)
            arrays = dict(np.load(file, allow_pickle=False))
        found = {"covariance": None, **arrays, "count": int(arrays["count"])}
        if "weights" in found:
            found["weights"] = str(found["weights"])
        statistics = CodeStatistics(**found)
        levels, kept = len(statistics.levels), len(statistics.codes)
        shapes = {"mean": (latent,), "sd": (latent,), "codes": (kept, latent), "levels": (levels,)}
        shapes |= {"quantiles": (levels, latent), "covariance": (latent, latent)}
        for name, shape in shapes.items():
            array = getattr(statistics, name)
            if array is not None and (array.shape != shape or array.dtype.kind != "f"):
                raise ValueError(f"{name}: {array.dtype} {array.shape}")
        _check_values(statistics)
    except FileNotFoundError:
        raise InputError(f"{path}: missing; train the run to its end first") from None
    except Exception as error:  # damaged archives raise nearly every kind
        fault = f"holds no statistics of {latent} latent elements ({error})"
        raise InputError(f"{path}: {fault}; copy it again, or train again") from None
    return statistics


def _check_values(statistics: CodeStatistics) -> None:
    """Raise ValueError where the numbers are not the statistics of any codes."""
    sd, covariance, levels = statistics.sd, statistics.covariance, statistics.levels
    for name, array in vars(statistics).items():
        if isinstance(array, np.ndarray) and not (array.size and np.isfinite(array).all()):
            raise ValueError(f"{name}: empty, or not finite")
    if statistics.count < 2 or (sd < 0).any():
        raise ValueError("sd: below 0, or of fewer than 2 images")
    rises, tolerance = (
        np.diff(statistics.quantiles, axis=0),
        1e-6 * np.abs(statistics.quantiles).max(),
    )
    if (np.diff(levels) <= 0).any() or (rises < -tolerance).any():
        raise ValueError("quantiles: not in order")
    if covariance is not None:
        variance = np.diagonal(covariance)
        fits = np.allclose(np.sqrt(np.maximum(variance, 0)), sd, rtol=1e-3)
        if not (fits and np.allclose(covariance, covariance.T)):
            raise ValueError("covariance: does not fit the sd")


def _shrunk_covariance(codes_ND: Floats, sd_D: Floats) -> Floats:
    """The covariance with its correlations shrunk towards 0; dead elements have covariance 0.

    The codes are divided by their sd first, so that the units of the elements do not matter.

    References
    ----------
    Ledoit & Wolf 2004, "A well-conditioned estimator for large-dimensional covariance matrices".
    """
    from sklearn.covariance import ledoit_wolf  # it takes a second to import

    live = sd_D > 0
    covariance = np.zeros((len(sd_D), len(sd_D)))
    if live.any():
        scaled = (codes_ND[:, live] - codes_ND[:, live].mean(0)) / sd_D[live]
        shrunk = ledoit_wolf(scaled, assume_centered=True)[0]
        covariance[np.ix_(live, live)] = shrunk * np.outer(sd_D[live], sd_D[live])
    return covariance
