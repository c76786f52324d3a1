"""Motion or shade: the part of a change that is something moving, by optical flow."""

import numpy as np
from scipy import ndimage
from skimage.registration import optical_flow_tvl1

from zatlas.evidence.arrays import Array

_SIGMA_WIDTHS = 5 / 64  # of the picture's width: structure is finer than this
_SMALLEST_SIDE_PIXELS = 3  # that a gradient needs
_NOISE_SD = 0.03  # of the range [0, 1]: weaker structure is taken for noise


def unexplained(start_HWC: Array, end_HWC: Array) -> tuple[float, float]:
    """Squared change from one picture to another: (the part that a warp does not explain, all).

    1 minus their ratio, summed over images, is the fraction that is motion. The warp is found by
    TV-L1 optical flow (Zach, Pock & Bischof 2007) on pictures without their shading (each pixel
    minus the mean around it, over the sd around it), because flow on the pictures themselves
    explains most of a plain brightening as motion. It misleads where things appear or vanish, which
    is neither; and where features slide over a face that stays, it reaches about 0.6.
    """
    moved = float(np.sum((end_HWC - start_HWC) ** 2))
    if not moved or min(start_HWC.shape[:2]) < _SMALLEST_SIDE_PIXELS:
        return 0.0, 0.0
    flow = optical_flow_tvl1(_structure(start_HWC), _structure(end_HWC), num_warp=2, num_iter=5)
    at = np.indices(start_HWC.shape[:2], np.float32) + flow
    warped = [
        ndimage.map_coordinates(end_HWC[..., channel], at, order=1, mode="nearest")
        for channel in range(end_HWC.shape[-1])
    ]
    return float(np.sum((np.stack(warped, -1) - start_HWC) ** 2)), moved


def _structure(picture_HWC: Array) -> Array:
    grey = (picture_HWC.mean(-1) + 1) / 2
    sigma = _SIGMA_WIDTHS * grey.shape[1]
    fine = grey - ndimage.gaussian_filter(grey, sigma)
    spread = np.sqrt(ndimage.gaussian_filter(fine * fine, sigma) + _NOISE_SD**2)
    normal: Array = (fine / spread).astype(np.float32)
    return normal
