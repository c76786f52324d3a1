"""The exponential moving average of the weights over the steps of a training."""

import copy

import torch

from zatlas.models.network import Autoencoder


def averaged_copy(model: Autoencoder) -> Autoencoder:
    """A second network for the averages; it begins with the weights of the model."""
    return copy.deepcopy(model).requires_grad_(False).eval()


@torch.no_grad()
def update(average: Autoencoder, model: Autoencoder, decay: float, step: int) -> None:
    """Bring the averages up to date after a step: average ← d·average + (1 − d)·weights.

    d = min(decay, (1 + step) / (10 + step)), so that the first weights are soon forgotten. Buffers
    of real numbers are averaged too, such as the running statistics of batch normalization; other
    buffers are copied.

    Parameters
    ----------
    average, model : the network that is averaged into, and the one that took the step.
    decay : the share of the average that a later step keeps, between 0 and 1.
    step : the number of the step, from 0.
    """
    kept = min(decay, (1 + step) / (10 + step))
    states = average.state_dict().values(), model.state_dict().values()
    for mean, value in zip(*states, strict=True):
        if mean.is_floating_point():
            mean.lerp_(value, 1 - kept)
        else:
            mean.copy_(value)
