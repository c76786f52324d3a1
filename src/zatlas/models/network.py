"""The network: one ``nn.Module`` for every architecture, encode and decode deterministic."""

import os
from typing import NamedTuple

import torch
from torch import Tensor, nn

from zatlas.errors import InputError
from zatlas.models.architecture import Architecture, Row
from zatlas.models.layers import CONVOLUTIONS, make
from zatlas.models.modelfile import ModelFile, read_model


class Passed(NamedTuple):
    """One batch passed through the network.

    ``mean_BD`` is the code (of a Gaussian bottleneck its mean m), ``log_sd_BD`` the second head s
    or None, ``z_BD`` the code that was decoded, drawn where noise was given.
    """

    mean_BD: Tensor
    log_sd_BD: Tensor | None
    z_BD: Tensor
    output_BCHW: Tensor


class Autoencoder(nn.Module):
    """Encoders, a bottleneck and a decoder, built from a checked architecture.

    Codes go in and out flat, (B, D), in C order of ``architecture.code_shape``; pictures as
    (B, C, H, W) in ``pixel_range``.
    """

    def __init__(self, model_file: ModelFile, architecture: Architecture) -> None:
        super().__init__()
        self.model_file = model_file
        self.architecture = architecture
        self.pixel_range = model_file.range
        self.encoders = nn.ModuleList(_sequence(rows) for rows in architecture.encoders)
        self.means = nn.ModuleList(make(mean.call) for mean, _ in architecture.heads)
        self.log_sds = nn.ModuleList(make(sd.call) for _, sd in architecture.heads)
        self.decoder = _sequence(architecture.decoder)

    @property
    def memory_format(self) -> torch.memory_format:
        """How pictures lie in memory where this network is fastest: convolutions want channels
        last, which is also how image sets have them.
        """
        rows = self.architecture.rows
        convolves = any(row.call.name in CONVOLUTIONS for row in rows)
        return torch.channels_last if convolves else torch.contiguous_format

    @property
    def latent(self) -> int:
        """The number of latent elements, D."""
        return self.architecture.latent

    def posterior(self, x_BCHW: Tensor) -> tuple[Tensor, Tensor | None]:
        """The code (B, D) and, of a Gaussian bottleneck, the logarithm of its sd (B, D)."""
        trunks = [encoder(x_BCHW) for encoder in self.encoders]
        if not len(self.means):
            return _joined(trunks), None
        means = [head(trunk) for head, trunk in zip(self.means, trunks, strict=True)]
        log_sds = [head(trunk) for head, trunk in zip(self.log_sds, trunks, strict=True)]
        return _joined(means), _joined(log_sds)

    def encode(self, x_BCHW: Tensor) -> Tensor:
        """Pictures (B, C, H, W) to codes (B, D); the mean of a Gaussian bottleneck."""
        return self.posterior(x_BCHW)[0]

    def decode(self, z_BD: Tensor) -> Tensor:
        """Codes (B, D) to pictures (B, C, H, W)."""
        output: Tensor = self.decoder(z_BD.unflatten(1, self.architecture.code_shape))
        return output

    def forward(self, x_BCHW: Tensor, noise_BD: Tensor | None = None) -> Passed:
        """Encode, draw c = exp(s) * noise + m where noise is given, and decode."""
        mean, log_sd = self.posterior(x_BCHW)
        drawn = mean if log_sd is None or noise_BD is None else mean + log_sd.exp() * noise_BD
        return Passed(mean, log_sd, drawn, self.decode(drawn))


def build(model: str | os.PathLike[str] | ModelFile, *, seed: int | None = None) -> Autoencoder:
    """A network by preset name, model file or its path, in eval mode, on the CPU.

    ``seed`` fixes the first weights and leaves the caller's random state as it was. Raises
    InputError for a fault in the model, or where its weights would not fit into memory.
    """
    model_file = model if isinstance(model, ModelFile) else read_model(model)
    architecture = model_file.architecture()
    _check_memory(architecture.parameters)
    with torch.random.fork_rng(devices=[], enabled=seed is not None):
        if seed is not None:
            torch.manual_seed(seed)
        return Autoencoder(model_file, architecture).eval()


def _sequence(rows: tuple[Row, ...]) -> nn.Sequential:
    return nn.Sequential(*(make(row.call) for row in rows))


def _joined(parts: list[Tensor]) -> Tensor:
    return parts[0].flatten(1) if len(parts) == 1 else torch.cat([p.flatten(1) for p in parts], 1)


def _check_memory(parameters: int) -> None:
    needed, here = 4 * parameters, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > here:
        raise InputError(
            f"the model has {parameters:,} parameters, {needed / 2**30:.1f} GiB; this machine has "
            f"{here / 2**30:.1f} GiB: make its layers narrower"
        )
