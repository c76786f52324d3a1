"""The network: one ``nn.Module`` for every architecture, encode and decode deterministic."""

import os

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from zatlas.errors import InputError
from zatlas.models.architecture import Architecture, Row
from zatlas.models.layers import CONVOLUTIONS, make
from zatlas.models.model_file import ModelFile, read_model
from zatlas.recipes.parts import Grid, Part
from zatlas.recipes.step import Code, ForwardOutput, Shapes


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
        self.bottleneck = architecture.bottleneck
        self.encoders = nn.ModuleList(_sequence(rows) for rows in architecture.encoders)
        for place, head in enumerate(self.bottleneck.heads):
            layers = nn.ModuleList(make(rows[place].call) for rows in architecture.heads)
            self.add_module(head.modules, layers)
        self.decoder = _sequence(architecture.decoder)
        for layer in self.decoder.modules():
            model_file.constraint(layer)
        shapes = Shapes(architecture.image, architecture.code_shape)
        built = {part.name: part.build(shapes) for part in model_file.owners}
        self.parts = nn.ModuleDict({name: part for name, part in built.items() if part is not None})

    @property
    def memory_format(self) -> torch.memory_format:
        """How pictures lie in memory where this network is fastest: convolutions want channels
        last, which is also how image sets have them.
        """
        convolves = any(row.call.name in CONVOLUTIONS for row in self.architecture.rows)
        return torch.channels_last if convolves else torch.contiguous_format

    @property
    def latent(self) -> int:
        """The number of latent elements, D."""
        return self.architecture.latent

    def code(self, x_BCHW: Tensor, noise_BD: Tensor | None = None) -> Code:
        """Pictures (B, C, H, W) to what the bottleneck makes of them; without noise it is exact."""
        trunks = [encoder(x_BCHW) for encoder in self.encoders]
        heads: list[nn.ModuleList] = [getattr(self, head.modules) for head in self.bottleneck.heads]
        ends = [[layer(t) for layer, t in zip(head, trunks, strict=True)] for head in heads]
        joined = [_joined(end) for end in ends or [trunks]]
        return self.bottleneck(joined, noise_BD, self._part)

    @property
    def _part(self) -> nn.Module | None:
        """What the bottleneck owns."""
        name = self.bottleneck.name
        return self.parts[name] if name in self.parts else None  # noqa: SIM401  it has no get

    def project(self, z_BD: Tensor) -> Tensor:
        """The codes (B, D) nearest to ``z_BD`` that the bottleneck can give."""
        return self.bottleneck.project(z_BD, self._part)

    @property
    def has_own_prior(self) -> bool:
        """Whether a term or critic has a prior in the place of the bottleneck's."""
        owners = self.model_file.owners
        return any(type(part).sample_prior is not Part.sample_prior for part in owners)

    def sample_prior(self, count: int, seed: int) -> NDArray[np.float32] | None:
        """Codes (count, D) from the prior of a term or critic, else of the bottleneck; or None."""
        for part in self.model_file.owners:
            if (codes := part.sample_prior(self, count, seed)) is not None:
                return codes
        return self.bottleneck.sample(count, self.latent, seed)

    def grid(self) -> Grid:
        """The values that each element of a code can take, rising; None where all take any."""
        return self.bottleneck.grid(self.latent, self._part)

    def posterior(self, x_BCHW: Tensor) -> tuple[Tensor, Tensor | None]:
        """The code (B, D), and the logarithm of the sd of its Gaussian elements (B, D or fewer)."""
        code = self.code(x_BCHW)
        return code.mean_BD, code.log_sd_BD

    def encode(self, x_BCHW: Tensor) -> Tensor:
        """Pictures (B, C, H, W) to codes (B, D); the mean of a Gaussian bottleneck."""
        return self.code(x_BCHW).mean_BD

    def decode(self, z_BD: Tensor) -> Tensor:
        """Codes (B, D) to pictures (B, C, H, W)."""
        output: Tensor = self.decoder(z_BD.unflatten(1, self.architecture.code_shape))
        return output

    def forward(self, x_BCHW: Tensor, noise_BD: Tensor | None = None) -> ForwardOutput:
        """Encode, let the bottleneck draw by the noise where it is given, and decode."""
        mean, log_sd, z, raw = self.code(x_BCHW, noise_BD)
        return ForwardOutput(mean, log_sd, z, self.decode(z), raw)


def build(model: str | os.PathLike[str] | ModelFile, *, seed: int | None = None) -> Autoencoder:
    """Build a network with random weights, in eval mode, on the CPU.

    Parameters
    ----------
    model : the name of a preset, the path of a model file or of pasted code, or a ModelFile.
    seed : of the weights; the caller's random state does not change.

    Returns
    -------
    Autoencoder
        A ``torch.nn.Module`` with ``encode`` (B, C, H, W) to (B, D), and ``decode``.

    Raises
    ------
    InputError
        There is a fault in the model, or its weights do not fit into memory.
    """
    model_file = model if isinstance(model, ModelFile) else read_model(model)
    architecture = model_file.architecture()
    needed = 4 * architecture.parameters
    here = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > here:
        sizes = f"{needed / 2**30:.1f} GiB; this machine has {here / 2**30:.1f} GiB"
        fault = f"the model has {architecture.parameters:,} parameters, {sizes}"
        raise InputError(f"{fault}: make its layers narrower")
    with torch.random.fork_rng(devices=[], enabled=seed is not None):
        if seed is not None:
            torch.manual_seed(seed)
        return Autoencoder(model_file, architecture).eval()


def _sequence(rows: tuple[Row, ...]) -> nn.Sequential:
    return nn.Sequential(*(make(row.call) for row in rows))


def _joined(parts: list[Tensor]) -> Tensor:
    return parts[0].flatten(1) if len(parts) == 1 else torch.cat([p.flatten(1) for p in parts], 1)
