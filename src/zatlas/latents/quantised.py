"""Codes that a bottleneck can give: the nearest one, and the steps of the grid."""

import numpy as np
import torch
from numpy.typing import NDArray

from zatlas.latents.coding import BATCH, Codes, checked_codes
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
        parts = flat.to(next(model.parameters()).device).split(BATCH)
        nearest = torch.cat([model.project(part) for part in parts])
    return np.asarray(nearest.cpu().numpy(), np.float32).reshape(given.shape)


def can_give(model: Autoencoder, codes: Codes, edited: Codes) -> NDArray[np.bool_]:
    """Whether the bottleneck can give each of the edited codes (N, D), up to rounding; (N,).

    It gave ``codes`` (N, D). They need not project to themselves where several codebooks follow
    each other, so what is unchanged counts as given.
    """
    nearest = project_codes(model, edited)
    near = np.isclose(nearest, edited, rtol=1e-4, atol=1e-5).all(1)
    return np.asarray(near | (codes == edited).all(1))


def grid_step(model: Autoencoder) -> NDArray[np.floating] | None:
    """The mean distance (D,) of neighbouring values of an element, NaN where it can take any.

    None where all elements can.
    """
    values = model.grid()
    if values is None:
        return None
    return np.array([np.nan if v is None else np.ptp(v) / (len(v) - 1) for v in values])
