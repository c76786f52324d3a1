"""A second variational autoencoder, which learns the distribution of codes."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from zatlas.models.model_file import ModelFile
from zatlas.models.network import Autoencoder, build
from zatlas.recipes.bottlenecks.gaussian import Gaussian
from zatlas.recipes.terms.divergence import exact_kl

Floats = NDArray[np.floating]
WIDTH, STEPS, BATCH, LR = 128, 1000, 128, 2e-3
LEAST_VARIANCE = 1e-4  # of the decoder; that of a code is 1


def second_stage(codes_MD: Floats, count: int, seed: int) -> Floats:
    """Draw codes (count, D) from a variational autoencoder of the codes ``codes_MD``.

    Both stages have as many elements. The decoder has one variance for each element, which is
    learned: in each step the best one, the mean squared error of the batch. A code is drawn from
    the prior, decoded, and noise of the decoder's variance is added. The training takes seconds and
    does not depend on ``seed``.

    Parameters
    ----------
    codes_MD : each element with mean 0 and sd 1, and without correlations.
    seed : of what is drawn.

    References
    ----------
    Dai & Wipf 2019, "Diagnosing and enhancing VAE models".
    Rybkin et al. 2021, "Simple and effective VAE training with calibrated decoders".
    """
    codes = torch.from_numpy(codes_MD.astype(np.float32))
    network, variance_D = _trained(codes)
    generator = torch.Generator().manual_seed(seed)
    prior, noise = torch.randn((2, count, codes.shape[1]), generator=generator)
    with torch.inference_mode():
        drawn: Tensor = network.decode(prior).flatten(1) + variance_D.sqrt() * noise
    return drawn.numpy()


def _trained(codes_MD: Tensor) -> tuple[Autoencoder, Tensor]:
    """The trained network, and the variances (D,) of its decoder."""
    length = codes_MD.shape[1]
    layers = [f"Linear({length}, {WIDTH})", "ReLU()", f"Linear({WIDTH}, {WIDTH})", "ReLU()",
              f"Linear({WIDTH}, {length})"]  # fmt: skip
    model = ModelFile(image=(1, 1, length), encoder=layers, bottleneck=Gaussian())
    network, generator = build(model, seed=0).train(), torch.Generator().manual_seed(0)
    optimizer = torch.optim.Adam(network.parameters(), lr=LR, fused=True)
    rates = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    variance_D = torch.ones(length)
    for _ in range(STEPS):
        rows = torch.randint(len(codes_MD), (BATCH,), generator=generator)
        x, noise = codes_MD[rows], torch.randn((BATCH, length), generator=generator)
        output = network(x.view(-1, 1, 1, length), noise)
        error = (output.output_BCHW.flatten(1) - x).square().mean(0).clamp_min(LEAST_VARIANCE)
        divergence = exact_kl(output.mean_BD, output.log_sd_BD).sum(1).mean()
        optimizer.zero_grad()
        (0.5 * error.log().sum() + divergence).backward()
        optimizer.step()
        rates.step()
        variance_D.lerp_(error.detach(), 0.05)  # a mean of the last steps
    return network, variance_D
