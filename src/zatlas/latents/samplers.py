"""Codes drawn at random, from distributions that are fitted to the codes of a run."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from zatlas.latents.code_statistics import CodeStatistics
from zatlas.latents.coding import Codes
from zatlas.latents.second_stage import second_stage

Floats = NDArray[np.floating]
Sampler = Callable[[int, CodeStatistics, int], Codes]

MOST_COMPONENTS = 10  # of a mixture, as in Ghosh et al. 2020
FEWEST_CODES_A_COMPONENT = 100
LEAST_VARIANCE = 1e-3  # of a component along any axis; that of all codes is 1


def normal(count: int, statistics: CodeStatistics, seed: int) -> Codes:
    """Draw codes (count, D) from a normal distribution with the mean and covariance of the codes.

    Where ``statistics`` has no covariance, each element is drawn independently with its own sd.
    """
    rng = np.random.default_rng(seed)
    if statistics.covariance is None:
        drawn = rng.standard_normal((count, len(statistics.mean)))
        return np.asarray(statistics.mean + statistics.sd * drawn, np.float32)
    mean, covariance = statistics.mean, statistics.covariance
    drawn = rng.multivariate_normal(mean, covariance, count, check_valid="ignore", method="eigh")
    return drawn.astype(np.float32)


def mixture(count: int, statistics: CodeStatistics, seed: int) -> Codes:
    """Draw codes (count, D) from a mixture of normal distributions, fitted to the kept codes.

    It has 10 components with full covariances, and fewer for fewer than 1,000 codes (Ghosh et al.
    2020, "From variational to deterministic autoencoders"). The fit does not depend on ``seed``.
    Where ``statistics`` has no covariance, those of the components are diagonal.
    """
    from sklearn.mixture import GaussianMixture  # it takes a second to import

    codes = _whitened(statistics)
    fitted = GaussianMixture(
        min(MOST_COMPONENTS, max(1, len(codes) // FEWEST_CODES_A_COMPONENT)),
        covariance_type="diag" if statistics.covariance is None else "full",
        reg_covar=LEAST_VARIANCE, random_state=0,
    ).fit(codes)  # fmt: skip
    fitted.random_state = seed
    drawn = fitted.sample(count)[0]  # one component after the other
    return _restored(np.random.default_rng(seed).permutation(drawn), statistics)


def kernel(count: int, statistics: CodeStatistics, seed: int) -> Codes:
    """Draw codes (count, D) from a Gaussian kernel density of the kept codes.

    The kernel has the covariance of the codes times h^2, with Scott's rule h = M^(-1 / (D + 4)) for
    M codes (Scott 1992, "Multivariate density estimation"). What is drawn is divided by
    sqrt(1 + h^2), so that it has the covariance of the codes (Silverman & Young 1987, "The
    bootstrap: to smooth or not to smooth?").
    """
    from sklearn.neighbors import KernelDensity

    density = KernelDensity(bandwidth="scott").fit(_whitened(statistics))
    drawn = density.sample(count, random_state=seed) / np.sqrt(1 + density.bandwidth_**2)
    return _restored(drawn, statistics)


def two_stages(count: int, statistics: CodeStatistics, seed: int) -> Codes:
    """Draw codes (count, D) from a second autoencoder, which is trained on the kept codes.

    See :func:`zatlas.latents.second_stage.second_stage`.
    """
    return _restored(second_stage(_whitened(statistics), count, seed), statistics)


SAMPLERS: Mapping[str, Sampler] = {
    "normal": normal, "mixture": mixture, "kernel": kernel, "second-stage": two_stages,
}  # fmt: skip


def _whitened(statistics: CodeStatistics) -> Floats:
    """The kept codes without dead elements, with mean 0, sd 1 and no correlations.

    Without a covariance in ``statistics``, correlations stay.
    """
    live = ~statistics.dead
    kept = (statistics.codes[:, live] - statistics.mean[live]).astype(np.float64)
    return np.asarray(np.linalg.solve(_root(statistics), kept.T).T)


def _restored(white: Floats, statistics: CodeStatistics) -> Codes:
    """Codes (N, D) of whitened ones; a dead element has its one value."""
    codes = np.tile(statistics.mean, (len(white), 1))
    codes[:, ~statistics.dead] += white @ _root(statistics).T
    return codes.astype(np.float32)


def _root(statistics: CodeStatistics) -> Floats:
    """The Cholesky factor of the covariance of the live elements, as far as it is known."""
    live = ~statistics.dead
    if statistics.covariance is None:
        return np.diag(statistics.sd[live])
    return np.linalg.cholesky(statistics.covariance[np.ix_(live, live)])
