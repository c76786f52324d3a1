"""What training makes small. Every term returns one value per image; the objective closes.

Adding a term is a function here and a word in ``modelfile.Objective``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from zatlas.models.modelfile import Objective
from zatlas.models.network import Passed


@dataclass(frozen=True)
class Loss:
    """One batch's loss: what is minimised, and its parts in the units they are printed in.

    ``total`` is a scalar; ``terms`` are means over the batch (scalars); ``kl_D`` is the exact KL
    divergence of each latent element in nats, mean over the batch, of a Gaussian bottleneck.
    """

    total: Tensor
    terms: dict[str, Tensor]
    kl_D: Tensor | None


def _mse(output: Tensor, x: Tensor) -> Tensor:
    return functional.mse_loss(output, x, reduction="none").flatten(1).mean(1)


def _sse(output: Tensor, x: Tensor) -> Tensor:
    return functional.mse_loss(output, x, reduction="none").flatten(1).sum(1)


def _mae(output: Tensor, x: Tensor) -> Tensor:
    return functional.l1_loss(output, x, reduction="none").flatten(1).mean(1)


def _bce(output: Tensor, x: Tensor) -> Tensor:
    return functional.binary_cross_entropy(output, x, reduction="none").flatten(1).sum(1)


RECONSTRUCTIONS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mse": _mse, "sse": _sse, "mae": _mae, "bce": _bce,
}  # fmt: skip


def _exact(m: Tensor, s: Tensor) -> Tensor:
    """KL(N(m, exp(s)^2) || N(0, 1)); Kingma & Welling 2013, with s the log standard deviation."""
    return 0.5 * (torch.exp(2 * s) - 1 - 2 * s + m.square())


def _course(m: Tensor, s: Tensor) -> Tensor:  # noqa: ARG001  one signature for all three
    """As some courses print it: exp(s) - 1 - s. It does not pull m towards 0."""
    return torch.exp(s) - 1 - s


def _course_m2(m: Tensor, s: Tensor) -> Tensor:
    """As some courses print it: exp(s) - 1 - s + m^2."""
    return torch.exp(s) - 1 - s + m.square()


KL: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "exact": _exact, "course": _course, "course-m2": _course_m2,
}  # fmt: skip


def loss(objective: Objective, x_BCHW: Tensor, passed: Passed, kl_share: float = 1.0) -> Loss:
    """The objective on one batch, in float32 whatever the network computed in.

    ``kl_share`` in 0..1 is how far the warm-up of the KL term has come. The same function serves
    training and validation, which passes 1.
    """
    output = passed.output_BCHW.float()
    reconstruction = RECONSTRUCTIONS[objective.reconstruction](output, x_BCHW)
    terms: dict[str, Tensor] = {objective.reconstruction: reconstruction.mean()}
    total, kl_D = reconstruction, None
    if passed.log_sd_BD is not None:
        m, s = passed.mean_BD.float(), passed.log_sd_BD.float()
        kl_D = _exact(m, s).mean(0).detach()
        if objective.kl is not None:
            penalty = KL[objective.kl](m, s).sum(1)
            terms["kl"] = penalty.mean()
            total = total + kl_share * objective.kl_weight * penalty
    return Loss(total.mean(), terms, kl_D)
