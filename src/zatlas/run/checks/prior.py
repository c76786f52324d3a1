"""How far codes are from the standard normal prior that samples are drawn from."""

import numpy as np
from numpy.typing import NDArray

from zatlas.latents.code_statistics import CodeStatistics
from zatlas.run.checks.limits import PRIOR_NATS_AN_ELEMENT
from zatlas.schema import Number, Record

LEAST_VARIANCE = 1e-12  # of an element, so that the logarithm of every variance is finite


class PriorCheck(Record):
    """The distance of the codes of ``n`` training images from the standard normal prior.

    ``nats`` is KL(N(μ, Σ) ‖ N(0, I)) = (tr Σ + μᵀμ − D − log det Σ) / 2, with the mean μ and the
    covariance Σ of codes drawn from the bottleneck. No distribution of this mean and covariance is
    nearer to the prior, so the codes are at least as far. Samples differ from images by this
    distance (Hoffman & Johnson 2016, "ELBO surgery").
    """

    n: int
    elements: int
    nats: Number

    @property
    def sentence(self) -> str:
        """What to try where codes are far from the prior, else empty."""
        return self.said(heavier=True)

    def said(self, *, heavier: bool) -> str:
        """The same; ``heavier``: a larger KL weight is worth a try too."""
        each = self.nats / self.elements
        if each < PRIOR_NATS_AN_ELEMENT:
            return ""
        return (
            f"The codes do not follow the prior: the distribution of the codes of {self.n:,} "
            f"training images is at least {self.nats:.3g} nats from the standard normal, "
            f"{each:.2g} an element. Samples of the prior may look unlike the images: draw codes "
            "with the sampler mixture, which is fitted to them"
            f"{', or try a larger KL weight' * heavier}."
        )


def check_prior(statistics: CodeStatistics, sd_ND: NDArray[np.floating]) -> PriorCheck:
    """Check the codes of a Gaussian bottleneck.

    Parameters
    ----------
    statistics : of the means of training images.
    sd_ND : the standard deviations that the bottleneck gives for images.

    Examples
    --------
    An sd of 2 in place of 1 is (4 − 1 − log 4) / 2 = 0.81 nats.
    """
    noise = np.square(sd_ND, dtype=np.float64).mean(0).clip(LEAST_VARIANCE, 1 / LEAST_VARIANCE)
    if statistics.covariance is None:
        variance = statistics.sd**2 + noise
        trace, log_det = variance.sum(), np.log(variance).sum()
    else:
        covariance = statistics.covariance + np.diag(noise)
        trace, log_det = np.trace(covariance), np.linalg.slogdet(covariance)[1]
    elements = len(statistics.mean)
    nats = 0.5 * (trace + np.square(statistics.mean).sum() - elements - log_det)
    return PriorCheck(n=statistics.count, elements=elements, nats=max(0.0, nats))
