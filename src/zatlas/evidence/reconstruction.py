"""How well held-out images come back: MSE, PSNR and SSIM per image, with intervals."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import bootstrap
from torchmetrics.functional.image import (
    peak_signal_noise_ratio,
    structural_similarity_index_measure,
)

Pictures = NDArray[np.uint8]
UNITS = {
    "mse": "of pixels in [-1, 1]",
    "psnr": "dB",
    "ssim": "0 to 1",
    "sharpness": "of the original's",
}
CHUNK = 64  # images at a time: SSIM holds 25 times their size
SMALLEST = 6  # pixels a side that SSIM's window and the Laplacian need


def reconstruction(
    images_NHWC: Pictures, reconstructions_NHWC: Pictures, seed: int = 0
) -> dict[str, Any]:
    """Compare uint8 images (N, H, W, C) with their reconstructions, as they are shown.

    Returns a record that is plain JSON: ``n``; for each metric its mean, a 95 % interval of the
    mean over images (BCa bootstrap, Efron 1987), its unit and its value for each image; and the
    indices of the best, median and worst image by MSE. A number that is not finite (the PSNR of
    an image that came back exactly, SSIM and sharpness below 6 pixels a side) is None. PSNR is of
    the data range 2, SSIM (Wang et al. 2004) with a Gaussian window of sd 1.5. Sharpness is the sd
    of the Laplacian of the grey picture (Pech-Pacheco 2000), the reconstruction's over the
    original's: 1 is as sharp, 0 flat.
    """
    values = _per_image(images_NHWC, reconstructions_NHWC)
    ranked = np.argsort(values["mse"], kind="stable")
    return {
        "n": len(images_NHWC),
        "metrics": {
            name: {
                "mean": _number(v.mean()),
                "interval": _interval(v, seed),
                "unit": UNITS[name],
                "per_image": [_number(x) for x in v],
            }
            for name, v in values.items()
        },
        "best": int(ranked[0]),
        "median": int(ranked[(len(ranked) - 1) // 2]),
        "worst": int(ranked[-1]),
    }


def _per_image(images: Pictures, reconstructions: Pictures) -> dict[str, NDArray[np.float64]]:
    parts: dict[str, list[NDArray[np.float64]]] = {name: [] for name in UNITS}
    for start in range(0, len(images), CHUNK):
        x, y = (_floats(a[start : start + CHUNK]) for a in (images, reconstructions))
        parts["mse"].append((x - y).square().mean((1, 2, 3)).double().numpy())
        kept = {"data_range": 2.0, "reduction": "none"}
        psnr = peak_signal_noise_ratio(y, x, dim=(1, 2, 3), **kept)
        parts["psnr"].append(psnr.double().numpy())
        if min(x.shape[2:]) < SMALLEST:
            parts["ssim"].append(np.full(len(x), np.nan))
            parts["sharpness"].append(np.full(len(x), np.nan))
            continue
        ssim = structural_similarity_index_measure(y, x, **kept)
        parts["ssim"].append(np.atleast_1d(ssim.double().numpy()))
        parts["sharpness"].append((_sharpness(y) / _sharpness(x)).double().numpy())
    return {name: np.concatenate(p) for name, p in parts.items()}


def _sharpness(x_BCHW: torch.Tensor) -> torch.Tensor:
    """The sd (B,) of the 4-neighbour Laplacian of the mean over channels."""
    grey = x_BCHW.mean(1)
    sides = grey[:, 2:, 1:-1] + grey[:, :-2, 1:-1] + grey[:, 1:-1, 2:] + grey[:, 1:-1, :-2]
    return (sides - 4 * grey[:, 1:-1, 1:-1]).flatten(1).std(1)


def _floats(pictures: Pictures) -> torch.Tensor:
    return torch.from_numpy(pictures.astype(np.float32)).permute(0, 3, 1, 2) * (2 / 255) - 1


def _number(value: float) -> float | None:
    """Six digits; None for the infinite PSNR of an image that came back exactly."""
    return float(f"{value:.6g}") if np.isfinite(value) else None


def _interval(values: NDArray[np.float64], seed: int) -> list[float] | None:
    """The 95 % BCa interval of the mean; None for one image, or where the mean is not finite."""
    if len(values) < 2 or not np.isfinite(values).all():
        return None
    if np.ptp(values) == 0:
        return [float(values[0])] * 2
    result = bootstrap((values,), np.mean, n_resamples=2000, rng=np.random.default_rng(seed))
    return [float(result.confidence_interval.low), float(result.confidence_interval.high)]
