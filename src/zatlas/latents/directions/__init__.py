"""Directions of the code: how they are learned, and their lengths and angles.

A direction is a vector (D,) in units of the code, float64, 0 at dead elements. It is learned from
labels of images (:mod:`~zatlas.latents.directions.labels`), from a property of the decoded pictures
(``pictures``), from a transformation of images (``transforms``), or from codes and decoder alone
(``bases``). ``metric`` measures lengths and angles by how much codes vary. All functions work on
arrays and callables.
"""

from zatlas.latents.directions.bases import ica, jacobian, pca, sefa_directions
from zatlas.latents.directions.labels import (
    METHODS,
    READERS,
    mean_difference,
    normal,
    pattern,
    projected,
)
from zatlas.latents.directions.metric import (
    cosine,
    cosines,
    held,
    mahalanobis,
    random_directions,
    unit,
)
from zatlas.latents.directions.pictures import slopes, steepest, steepest_holding
from zatlas.latents.directions.transforms import (
    TRANSFORMS,
    Transform,
    encode_difference,
    encoded_differences,
)

__all__ = [
    "METHODS",
    "READERS",
    "TRANSFORMS",
    "Transform",
    "cosine",
    "cosines",
    "encode_difference",
    "encoded_differences",
    "held",
    "ica",
    "jacobian",
    "mahalanobis",
    "mean_difference",
    "normal",
    "pattern",
    "pca",
    "projected",
    "random_directions",
    "sefa_directions",
    "slopes",
    "steepest",
    "steepest_holding",
    "unit",
]
