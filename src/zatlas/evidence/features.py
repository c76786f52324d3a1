"""What a probe sees in a picture: coarse, so that it still sees it in a blurred reconstruction.

Means over 16 x 16 areas; their principal components, at most 256 and at most one for two images;
and 300 radial basis functions of these (Nystroem's method, Williams & Seeger 2001), without which
a face's turn or place would have to be linear in its pixels. Each is scaled to variance 1 over the
images learned from.
"""

from collections.abc import Callable

import numpy as np

from zatlas.errors import InputError
from zatlas.evidence.measure import Array, floats, in_batches

SIDE, COMPONENTS, KERNELS = 16, 256, 300
WIDTH = 0.25
"""Of a radial basis, exp(-0.25 d^2): d in sd of the images, all components together."""
_NOTHING = 1e-6  # a component with less of the variance is rounding


def learn_features(x_NHWC: Array, seed: int) -> Callable[[Array], Array]:
    """Learn the components and the basis from pictures, uint8 or float in [-1, 1].

    The answer turns pictures (B, H, W, C) into features (B, F) float64. Needs scikit-learn. Raises
    InputError where all the pictures are the same.
    """
    from sklearn.decomposition import PCA
    from sklearn.kernel_approximation import Nystroem
    from sklearn.preprocessing import StandardScaler

    coarse = areas(x_NHWC)
    if not coarse.std(0).any():
        raise InputError(
            f"{len(coarse)} images that are all the same; probes cannot learn from them"
        )
    rank = min(COMPONENTS, max(1, len(coarse) // 2), coarse.shape[1])
    axes = PCA(rank, svd_solver="covariance_eigh").fit(coarse)
    kept = axes.explained_variance_ratio_ > _NOTHING

    def components(x_BF: Array) -> Array:
        return np.asarray(axes.transform(x_BF)[:, kept])

    gamma = WIDTH / axes.explained_variance_[kept].sum()
    centres = min(KERNELS, len(coarse))
    basis = Nystroem(gamma=gamma, n_components=centres, random_state=seed).fit(components(coarse))

    def unscaled(x_BF: Array) -> Array:
        linear = components(x_BF)
        return np.hstack([linear, basis.transform(linear)])

    scale = StandardScaler().fit(unscaled(coarse))
    return lambda x_BHWC: np.asarray(scale.transform(unscaled(areas(x_BHWC))))


def areas(x_BHWC: Array) -> Array:
    """Means over 16 x 16 areas of pictures in [-1, 1] (uint8 is brought there), (B, F) float64."""
    rows, columns = (_shares(size) for size in x_BHWC.shape[1:3])

    def block(part: Array) -> Array:
        means = np.einsum("ih,bhwc,jw->bijc", rows, floats(part), columns, optimize=True)
        return np.asarray(means.reshape(len(part), -1), np.float64)

    return in_batches(block, x_BHWC, 256)


def _shares(size: int) -> Array:
    """Shares of ``size`` pixels in a line in each of at most 16 areas; each row sums to 1."""
    side = min(SIDE, size)
    ends = np.arange(side + 1) * size / side
    pixel = np.arange(size)
    overlap = np.minimum(ends[1:, None], pixel + 1) - np.maximum(ends[:-1, None], pixel)
    return np.asarray(np.maximum(overlap, 0) * side / size, np.float32)
