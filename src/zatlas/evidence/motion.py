"""Motion or shade: how much of a change is something moving, by optical flow."""

import numpy as np
from scipy import ndimage
from skimage.registration import optical_flow_tvl1

from zatlas.evidence.measure import Array

_SIGMA = 5 / 64  # of the width: structure is what is finer than this
_SMALLEST = 3  # pixels a side, for a gradient
_FLAT = 0.03  # of the range: structure weaker than this is taken for noise


def unexplained(start_HWC: Array, end_HWC: Array) -> tuple[float, float]:
    """Squared change from one picture to another: (what a warp leaves over, all of it).

    1 minus their ratio, summed over images, is the share that is motion. The warp is found by
    TV-L1 optical flow (Zach, Pock & Bischof 2007) on pictures whose shading has been taken out
    (each pixel less the mean around it, over the sd around it): flow on the pictures themselves
    explains most of a plain brightening as motion. Misleads where things appear or vanish, which
    is neither; and on features that slide over a face that stays, where it reaches about 0.6.
    """
    moved = float(np.sum((end_HWC - start_HWC) ** 2))
    if not moved or min(start_HWC.shape[:2]) < _SMALLEST:
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
    sigma = _SIGMA * grey.shape[1]
    fine = grey - ndimage.gaussian_filter(grey, sigma)
    spread = np.sqrt(ndimage.gaussian_filter(fine * fine, sigma) + _FLAT**2)
    normal: Array = (fine / spread).astype(np.float32)
    return normal
