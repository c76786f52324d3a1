"""Codebooks: K vectors of d numbers, and how they are learned."""

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

_DECAY = 0.99  # of the running sums of an averaged codebook
_SMOOTHING = 1e-5  # of its counts (Laplace)
_DEAD = 0.1  # of the mean count: a vector that is used less is replaced
_FRESH = 0.15  # of the mean count, for a vector that begins; it may be unused for 41 steps


def nearest(inputs_ND: Tensor, vectors_KD: Tensor) -> Tensor:
    """The indexes (N,) of the nearest vectors."""
    return torch.cdist(inputs_ND.detach(), vectors_KD.detach()).argmin(1)


class Codebook(Protocol):
    """What a quantiser asks of a codebook, beside that it is a module."""

    def vectors(self) -> Tensor:
        """The vectors (K, d), with a gradient where they have one."""

    def learn(self, inputs_ND: Tensor) -> None:
        """Learn from the vectors of a batch, before these are quantised."""


class LearnedCodebook(nn.Module):
    """Parameters, which the term ``codebook`` trains (van den Oord et al. 2017)."""

    def __init__(self, size: int, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(size, dim).uniform_(-1 / size, 1 / size))

    def vectors(self) -> Tensor:
        """The parameters."""
        return self.weight

    def learn(self, inputs_ND: Tensor) -> None:
        """Nothing: the optimizer does."""


class SimCodebook(nn.Module):
    """Fixed vectors times a learned matrix (SimVQ, Zhu et al. 2024): all vectors learn at once."""

    fixed: Tensor

    def __init__(self, size: int, dim: int) -> None:
        super().__init__()
        self.register_buffer("fixed", torch.empty(size, dim).uniform_(-1, 1))
        self.basis = nn.Linear(dim, dim, bias=False)

    def vectors(self) -> Tensor:
        """The fixed vectors times the matrix."""
        vectors: Tensor = self.basis(self.fixed)
        return vectors

    def learn(self, inputs_ND: Tensor) -> None:
        """Nothing: the optimizer does."""


class AveragedCodebook(nn.Module):
    """Running means of the inputs of each vector (van den Oord et al. 2017, appendix A.1).

    A vector that is hardly used begins anew as an input of the batch (Dhariwal et al. 2020). In the
    first batch all do. It begins with a small count, so that it follows the inputs at once, and so
    that it is soon replaced where the encoder has moved its outputs away from it.
    """

    weight: Tensor
    counts: Tensor
    sums: Tensor

    def __init__(self, size: int, dim: int) -> None:
        super().__init__()
        self.register_buffer("weight", torch.zeros(size, dim))
        self.register_buffer("sums", torch.zeros(size, dim))
        self.register_buffer("counts", torch.zeros(size))

    def vectors(self) -> Tensor:
        """The means."""
        return self.weight

    @torch.no_grad()
    def learn(self, inputs_ND: Tensor) -> None:
        """Replace unused vectors, then take the inputs into the means."""
        self._replace(inputs_ND)
        used = functional.one_hot(nearest(inputs_ND, self.weight), len(self.weight)).float()
        self.counts.lerp_(used.sum(0), 1 - _DECAY)
        self.sums.lerp_(used.T @ inputs_ND, 1 - _DECAY)
        total = self.counts.sum()
        share = (self.counts + _SMOOTHING) / (total + len(self.counts) * _SMOOTHING)
        self.weight.copy_(self.sums / (share * total)[:, None])

    def _replace(self, inputs_ND: Tensor) -> None:
        size, count = len(self.weight), len(inputs_ND)
        dead = self.counts <= _DEAD * self.counts.mean()
        drawn = torch.randperm(count, device=inputs_ND.device)
        fresh = inputs_ND[drawn[torch.arange(size, device=drawn.device) % count]]
        begun = _FRESH * count / size
        self.counts.masked_fill_(dead, begun)
        self.weight.copy_(fresh.where(dead[:, None], self.weight))
        self.sums.copy_((fresh * begun).where(dead[:, None], self.sums))


CODEBOOKS: Mapping[str, type[nn.Module]] = {
    "averaged": AveragedCodebook, "learned": LearnedCodebook, "sim": SimCodebook,
}  # fmt: skip
