"""The beta of a model in units that do not depend on how its loss is written."""

from collections.abc import Mapping
from typing import NamedTuple

from zatlas.recipes.objective import Objective


class LossScale(NamedTuple):
    """How much an objective weighs the divergence from the prior.

    ``beta`` is the factor of the KL divergence in nats beside a reconstruction in nats: minus the
    log likelihood of the pixels of one image. For squared errors that is a normal distribution with
    sd 1 in the range of the network, for absolute errors a Laplace distribution with scale 1.
    ``normalised`` is beta D / P, with D latent elements and P values of an image, channels times
    pixels (Higgins et al. 2017, section A.1): equal values let equally much through.
    """

    beta: float
    normalised: float


def loss_scale(objective: Objective, values: int, latent: int) -> LossScale | None:
    """The beta of an objective; None without a divergence of constant weight, or without nats.

    Parameters
    ----------
    values : the values of an image, channels times pixels, P.
    latent : the latent elements, D.

    Examples
    --------
    The evidence bound with ``bce`` has a beta of 1; ``sse`` is twice a log likelihood.

    >>> from zatlas.recipes.objective_text import read_objective
    >>> loss_scale(read_objective(["bce()", "kl(weight=4)"]), values=4096, latent=10).beta
    4.0
    >>> loss_scale(read_objective(["sse()", "kl()"]), values=3 * 64 * 64, latent=64).beta
    0.5
    """
    of_one_nat: Mapping[str, float] = {
        "sse": 2, "mse": 2 / values, "mae": 1 / values, "bce": 1, "gaussian_nll": 1,
    }  # fmt: skip
    first = objective.reconstruction
    fixed = (t for t in objective.penalties if not getattr(t, "capacity", 0))
    weights = [term.weight for term in fixed if term.name in ("kl", "sampled_kl", "tc")]
    if first.name not in of_one_nat or not first.weight or not weights:
        return None
    beta = weights[0] / (first.weight * of_one_nat[first.name])
    return LossScale(beta, beta * latent / values)
