"""Which elements of a code are unused after a training."""

import numpy as np
from numpy.typing import NDArray

from zatlas.evidence.codes.usage import gaussian_kl
from zatlas.run.checks.limits import UNUSED_FRACTION, UNUSED_KL_NATS, UNUSED_SD_FRACTION
from zatlas.schema import Record

Floats = NDArray[np.floating]


class ElementCheck(Record):
    """The unused elements of a code with ``elements`` elements, over ``n`` held-out images.

    An element of a Gaussian code is unused where its mean KL divergence from the standard normal
    distribution is below 0.01 nats. An element of another code is unused where its sd over the
    images is below 1/10,000 of the largest sd.
    """

    n: int
    elements: int
    unused: tuple[int, ...]
    gaussian: bool

    @property
    def used(self) -> int:
        """The number of the other elements."""
        return self.elements - len(self.unused)

    @property
    def sentence(self) -> str:
        """What to try where many elements are unused, else empty."""
        if len(self.unused) < max(1, UNUSED_FRACTION * self.elements):
            return ""
        why, remedy = "nearly the same value for", "a lower learning rate (lr), another activation"
        if self.gaussian:
            why = f"a KL divergence below {UNUSED_KL_NATS:g} nats, mean over"
            remedy = "a smaller KL weight, a warm-up"
        count = len(self.unused)
        return (
            f"{count} of {self.elements} elements {'is' if count == 1 else 'are'} unused ({why} "
            f"{self.n} held-out images). Try {remedy}, or a code of fewer elements."
        )


def check_elements(codes_ND: Floats, sd_ND: Floats | None) -> ElementCheck:
    """Check the codes of held-out images; ``sd_ND`` is that of a Gaussian bottleneck."""
    codes = codes_ND.astype(np.float64)
    if sd_ND is None:
        sd = codes.std(0)
        unused = sd <= UNUSED_SD_FRACTION * sd.max()
    else:
        sd = sd_ND.clip(np.finfo(np.float32).tiny)  # 0 is infinitely far from the prior
        unused = gaussian_kl(codes, sd) < UNUSED_KL_NATS
    found = tuple(np.flatnonzero(unused).tolist())
    return ElementCheck(
        n=len(codes), elements=codes.shape[1], unused=found, gaussian=sd_ND is not None
    )
