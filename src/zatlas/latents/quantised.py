"""Codes that a bottleneck can give: the nearest one, and the steps of the grid."""

import numpy as np
import torch
from numpy.typing import NDArray

from zatlas.latents.coding import Codes, checked_codes
from zatlas.models.network import Autoencoder
from zatlas.recipes.parts import Bottleneck


def gives_any(model: Autoencoder) -> bool:
    """Whether the bottleneck can give every code."""
    return type(model.bottleneck).project is Bottleneck.project


def project_codes(model: Autoencoder, codes: Codes) -> Codes:
    """The nearest codes (..., D) that the bottleneck can give."""
    given = checked_codes(codes, model.latent)
    if gives_any(model):
        return given.copy()
    with torch.inference_mode():
        flat = torch.from_numpy(np.ascontiguousarray(given.reshape(-1, model.latent)))
        nearest = model.project(flat.to(next(model.parameters()).device))
    return np.asarray(nearest.cpu().numpy(), np.float32).reshape(given.shape)


def can_give(model: Autoencoder, codes: Codes) -> NDArray[np.bool_]:
    """Whether the bottleneck can give each of the codes (..., D), up to rounding; (...)."""
    nearest = project_codes(model, codes)
    return np.asarray(np.isclose(nearest, codes, rtol=1e-4, atol=1e-5).all(-1))


def grid_step(model: Autoencoder) -> NDArray[np.floating] | None:
    """The mean distance (D,) of neighbouring values of an element, NaN where it can take any.

    None where all elements can.
    """
    values = model.grid()
    if values is None:
        return None
    return np.array([np.nan if v is None else np.ptp(v) / (len(v) - 1) for v in values])
