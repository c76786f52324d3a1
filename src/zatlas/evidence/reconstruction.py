"""How well held-out images are reconstructed: MSE, PSNR, SSIM and sharpness, with intervals."""

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import model_validator

from zatlas.errors import InputError
from zatlas.evidence.statistics.intervals import bca
from zatlas.schema import Number, OptionalNumber, OptionalNumbers, Record, VersionedRecord

Pictures = NDArray[np.uint8]
UNITS = {
    "mse": "of pixels in [-1, 1]",
    "psnr": "dB",
    "ssim": "of at most 1",
    "sharpness": "times the original's",
}
RESAMPLES = 2000
_IMAGES_PER_BATCH = 64  # SSIM holds 25 times their size
_SMALLEST_SIDE_PIXELS = 6  # that the window of SSIM and the Laplacian need


class Metric(Record):
    """A metric over images: its mean with a 95 % BCa interval, its unit, its value per image.

    A number that is not finite is None: the PSNR of an exact reconstruction, SSIM and sharpness
    below 6 pixels a side. Then, and for one image, there is no interval.
    """

    mean: OptionalNumber
    interval: tuple[Number, Number] | None
    unit: str
    per_image: OptionalNumbers


class Reconstruction(VersionedRecord):
    """``evidence/reconstruction.json``: metrics of the ``n`` held-out images by their names.

    ``best``, ``median`` and ``worst`` are the images of least, median and largest MSE, from 0.
    ``weights`` is the fingerprint of the weights; None where it is not known.
    """

    n: int
    metrics: dict[str, Metric]
    best: int
    median: int
    worst: int
    weights: str | None = None

    @model_validator(mode="after")
    def _fits(self) -> "Reconstruction":
        """Every index is one of the images, and every metric has a value for each of them."""
        if "mse" not in self.metrics or not self.metrics.keys() <= UNITS.keys():
            raise ValueError(f"metrics: are not among {', '.join(UNITS)}")
        for name in ("best", "median", "worst"):
            if not 0 <= getattr(self, name) < self.n:
                raise ValueError(f"{name}: is none of the {self.n} images")
        for name, metric in self.metrics.items():
            if len(metric.per_image) != self.n:
                raise ValueError(f"{name}: has no value for each of the {self.n} images")
        return self


def measure_reconstruction(
    images_NHWC: Pictures, reconstructions_NHWC: Pictures, seed: int = 0
) -> Reconstruction:
    """Compare images with their reconstructions, as they are shown.

    ``mse`` is of pixels in [-1, 1], ``psnr`` of the data range 2, ``ssim`` with a Gaussian window
    of sd 1.5 (Wang et al. 2004). ``sharpness`` is the sd of the Laplacian of the grey picture
    (Pech-Pacheco et al. 2000), the reconstruction's over the original's: 1 is as sharp, 0 is flat.

    Parameters
    ----------
    images_NHWC, reconstructions_NHWC : uint8, of the same shape.
    seed : of the bootstrap over images.

    Raises
    ------
    InputError
        The shapes differ, the pictures are not uint8, or there are none.
    """
    found = [f"{a.dtype} {a.shape}" for a in (images_NHWC, reconstructions_NHWC)]
    if found[0] != found[1] or images_NHWC.dtype != np.uint8 or not images_NHWC.size:
        raise InputError(
            f"images {found[0]}, reconstructions {found[1]}; give uint8 (N, H, W, C) of one shape"
        )
    values = _per_image(images_NHWC, reconstructions_NHWC)
    ranked = np.argsort(values["mse"], kind="stable")
    return Reconstruction(
        n=len(images_NHWC),
        metrics={
            name: Metric(mean=v.mean(), interval=_interval(v, seed), unit=UNITS[name], per_image=v)
            for name, v in values.items()
        },
        best=int(ranked[0]),
        median=int(ranked[(len(ranked) - 1) // 2]),
        worst=int(ranked[-1]),
    )


def _per_image(images: Pictures, reconstructions: Pictures) -> dict[str, NDArray[np.float64]]:
    from torchmetrics.functional.image import (  # it takes half a second to import
        peak_signal_noise_ratio,
        structural_similarity_index_measure,
    )

    parts: dict[str, list[NDArray[np.float64]]] = {name: [] for name in UNITS}
    for start in range(0, len(images), _IMAGES_PER_BATCH):
        x, y = (_floats(a[start : start + _IMAGES_PER_BATCH]) for a in (images, reconstructions))
        parts["mse"].append((x - y).square().mean((1, 2, 3)).double().numpy())
        kept = {"data_range": 2.0, "reduction": "none"}
        psnr = peak_signal_noise_ratio(y, x, dim=(1, 2, 3), **kept)
        parts["psnr"].append(psnr.double().numpy())
        if min(x.shape[2:]) < _SMALLEST_SIDE_PIXELS:
            parts["ssim"].append(np.full(len(x), np.nan))
            parts["sharpness"].append(np.full(len(x), np.nan))
            continue
        ssim = structural_similarity_index_measure(y, x, **kept)
        parts["ssim"].append(np.atleast_1d(ssim.double().numpy()))
        parts["sharpness"].append((_laplacian_sd(y) / _laplacian_sd(x)).double().numpy())
    return {name: np.concatenate(p) for name, p in parts.items()}


def _laplacian_sd(x_BCHW: torch.Tensor) -> torch.Tensor:
    """The sd (B,) of the 4-neighbour Laplacian of the mean over channels."""
    grey = x_BCHW.mean(1)
    sides = grey[:, 2:, 1:-1] + grey[:, :-2, 1:-1] + grey[:, 1:-1, 2:] + grey[:, 1:-1, :-2]
    return (sides - 4 * grey[:, 1:-1, 1:-1]).flatten(1).std(1)


def _floats(pictures: Pictures) -> torch.Tensor:
    return torch.from_numpy(pictures.astype(np.float32)).permute(0, 3, 1, 2) * (2 / 255) - 1


def _interval(values: NDArray[np.float64], seed: int) -> tuple[float, float] | None:
    """The 95 % BCa interval of the mean; None for one image, or where the mean is not finite."""
    if len(values) < 2 or not np.isfinite(values).all():
        return None
    low, high = bca(values[:, None], seed, RESAMPLES)
    return low[0], high[0]
