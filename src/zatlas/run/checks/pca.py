"""Whether the size of the code or the network limits the reconstruction: a comparison with PCA."""

import numpy as np
from numpy.typing import NDArray

from zatlas.run.checks.limits import LARGER_CODE_RATIO, WORSE_THAN_PCA_RATIO
from zatlas.schema import Number, OptionalNumber, Record

Floats = NDArray[np.floating]
MOST_FITTED = 1024  # training images that the components are fitted on
MOST_VALUES = 2**24  # of these images in memory: 64 MiB
MOST_TESTED = 512  # held-out images
FEWEST_IMAGES_A_COMPONENT = 4


class PCACheck(Record):
    """The held-out MSE of the network and of PCA, pixels in [-1, 1], on the same ``n`` images.

    ``pca_mse`` is that of PCA with as many ``components`` as the code has used elements, and
    ``double_mse`` with twice as many; they are fitted on ``fitted`` training images.
    """

    n: int
    fitted: int
    components: int
    mse: Number
    pca_mse: Number
    double_mse: OptionalNumber

    @property
    def network_limits(self) -> str:
        """Where the network is worse than PCA, what to try."""
        return self.network_sentence(lighter=False)

    def network_sentence(self, *, lighter: bool) -> str:
        """The same; ``lighter``: smaller weights of the penalties are worth a try too."""
        if self.mse <= WORSE_THAN_PCA_RATIO * self.pca_mse:
            return ""
        end = "more epochs, a larger network, or smaller weights of the penalties"
        return (
            f"The network or its training limits the reconstruction, not the size of the code: the "
            f"MSE of {self.n} held-out images is {self.mse:.3g}, and that of PCA with "
            f"{self.components} components, fitted on {self.fitted:,} training images, is "
            f"{self.pca_mse:.3g}. Try {end if lighter else 'more epochs, or a larger network'}."
        )

    @property
    def code_limits(self) -> str:
        """Where the network is as good as PCA, and PCA gains by more components, what to try.

        Where it is clearly better than PCA, the comparison does not tell what limits it.
        """
        gains = (self.double_mse or np.inf) < LARGER_CODE_RATIO * self.pca_mse
        better = self.mse < self.pca_mse / WORSE_THAN_PCA_RATIO
        if self.network_limits or better or not gains:
            return ""
        return (
            f"The size of the code may limit the reconstruction: the MSE of {self.n} held-out "
            f"images is {self.mse:.3g}; that of PCA with {self.components} components, fitted on "
            f"{self.fitted:,} training images, is {self.pca_mse:.3g}, and with "
            f"{2 * self.components} components {self.double_mse:.3g}. For finer pictures, try more "
            "latent elements."
        )


def check_pca(
    train_NHWC: NDArray[np.uint8], held_out_NHWC: NDArray[np.uint8], mse: float, components: int
) -> PCACheck | None:  # fmt: skip
    """Compare a network with PCA; None for too many components for the training images.

    Parameters
    ----------
    train_NHWC, held_out_NHWC : images.
    mse : that of the network on the held-out images.
    components : the number of used elements.
    """
    if not 0 < FEWEST_IMAGES_A_COMPONENT * components <= len(train_NHWC):
        return None
    errors = pca_errors(_flat(train_NHWC), _flat(held_out_NHWC))
    if not len(errors):  # all training images are the same one
        return None
    double = errors[2 * components - 1] if 2 * components <= len(errors) else None
    return PCACheck(
        n=len(held_out_NHWC), fitted=len(train_NHWC), components=components,
        mse=mse, pca_mse=errors[min(components, len(errors)) - 1], double_mse=double,
    )  # fmt: skip


def pca_errors(train_NP: Floats, held_out_MP: Floats) -> Floats:
    """The held-out MSE of PCA with 1, 2, and so on components.

    It is computed from inner products of images, which is cheap for fewer images than pixels.

    Examples
    --------
    >>> train, held_out = [[2, 0], [-2, 0], [0, 1], [0, -1]], [[3, 1]]
    >>> pca_errors(np.array(train), np.array(held_out)).round(6).tolist()
    [0.5, 0.0]
    """
    mean = train_NP.mean(0)
    train, held_out = train_NP - mean, held_out_MP - mean
    values, vectors = np.linalg.eigh((train @ train.T).astype(np.float64))
    kept = values > 1e-6 * max(1, values[-1])  # the others are rounding errors
    values, vectors = values[kept][::-1], vectors[:, kept][:, ::-1]
    along = (held_out @ train.T) @ vectors / np.sqrt(values)
    explained = np.cumsum(np.square(along).mean(0))
    total = np.square(held_out, dtype=np.float64).sum(1).mean()
    return np.asarray(np.maximum(total - explained, 0) / train_NP.shape[1])


def _flat(images_NHWC: NDArray[np.uint8]) -> NDArray[np.float32]:
    flat: NDArray[np.float32] = images_NHWC.reshape(len(images_NHWC), -1).astype(np.float32)
    return flat * np.float32(2 / 255) - 1
