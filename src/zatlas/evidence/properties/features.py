"""Features of pictures for probes: coarse, so that a blurred reconstruction keeps them.

Means over 16 x 16 areas; their principal components, at most 256 and at most one for two images;
and 300 radial basis functions of these (Nystroem's method, Williams & Seeger 2001), because the
turn or place of a face is not linear in its pixels. Each is scaled to variance 1 over the images
learned from.
"""

from collections.abc import Callable

import numpy as np

from zatlas.evidence.arrays import Array, floats, in_batches

AREAS_PER_SIDE, MOST_COMPONENTS, MOST_KERNELS = 16, 256, 300
KERNEL_GAMMA = 0.25
"""A radial basis is exp(-0.25 d^2), d in sd of the images over all components together."""
_SMALLEST_VARIANCE_FRACTION = 1e-6  # a component with less of the variance is rounding


def learn_features(areas_NF: Array, seed: int) -> Callable[[Array], Array]:
    """Learn the components and the basis from the area means of pictures (see :func:`areas`).

    Returns a function from area means (B, F) to features (B, G) float64: a single 0 where all the
    pictures are the same.
    """
    from sklearn.decomposition import PCA
    from sklearn.kernel_approximation import Nystroem
    from sklearn.preprocessing import StandardScaler

    if not areas_NF.std(0).any():
        return lambda x_BF: np.zeros((len(x_BF), 1))
    rank = min(MOST_COMPONENTS, max(1, len(areas_NF) // 2), areas_NF.shape[1])
    axes = PCA(rank, svd_solver="covariance_eigh").fit(areas_NF)
    kept = axes.explained_variance_ratio_ > _SMALLEST_VARIANCE_FRACTION

    def components(x_BF: Array) -> Array:
        return np.asarray(axes.transform(x_BF)[:, kept])

    gamma = KERNEL_GAMMA / axes.explained_variance_[kept].sum()
    centres = min(MOST_KERNELS, len(areas_NF))
    basis = Nystroem(gamma=gamma, n_components=centres, random_state=seed).fit(components(areas_NF))

    def unscaled(x_BF: Array) -> Array:
        linear = components(x_BF)
        return np.hstack([linear, basis.transform(linear)])

    scale = StandardScaler().fit(unscaled(areas_NF))
    return lambda x_BF: np.asarray(scale.transform(unscaled(x_BF)))


def areas(x_BHWC: Array) -> Array:
    """Means over 16 x 16 areas of pictures, uint8 or in [-1, 1], (B, F) float64."""
    rows, columns = (_area_weights(size) for size in x_BHWC.shape[1:3])

    def block(part: Array) -> Array:
        means = np.einsum("ih,bhwc,jw->bijc", rows, floats(part), columns, optimize=True)
        return np.asarray(means.reshape(len(part), -1), np.float64)

    return in_batches(block, x_BHWC, 256)


def _area_weights(size: int) -> Array:
    """Weights of ``size`` pixels in a line in each of at most 16 areas; each row sums to 1."""
    side = min(AREAS_PER_SIDE, size)
    ends = np.arange(side + 1) * size / side
    pixel = np.arange(size)
    overlap = np.minimum(ends[1:, None], pixel + 1) - np.maximum(ends[:-1, None], pixel)
    return np.asarray(np.maximum(overlap, 0) * side / size, np.float32)
