"""Moves: displacements of codes, by an element, an edit as typed, or a direction."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError

Array = NDArray[Any]


class Move(NamedTuple):
    """``delta`` (N, D) is added to codes (N, D); ``label`` is how people write the move."""

    label: str
    delta: Array


def direction_move(label: str, codes_ND: Array, vector_D: Array, sd_D: Array) -> Move:
    """Move every code by ``vector_D``, in sd of each element.

    Raises InputError where the vector or the sd do not have one number for each element.
    """
    latent = codes_ND.shape[1:]
    if np.shape(vector_D) != latent or np.shape(sd_D) != latent:
        given = f"vector of shape {np.shape(vector_D)} and sd of shape {np.shape(sd_D)}"
        hint = "give one number for each element"
        raise InputError(f"{given} for codes of shape {codes_ND.shape}; {hint}")
    row = np.asarray(vector_D * sd_D, codes_ND.dtype)
    return Move(label, np.broadcast_to(row, codes_ND.shape))  # takes the memory of one code


def step_along(vector_D: Array, codes_MD: Array) -> Array:
    """One step along a direction (D,): the sd of the codes along it.

    >>> step_along(np.array([3.0, 0.0]), np.array([[0.0, 5.0], [4.0, 5.0]])).tolist()
    [2.0, 0.0]
    """
    unit = vector_D / np.linalg.norm(vector_D)
    return np.asarray(float((codes_MD @ unit).std()) * unit)


def element_move(codes_ND: Array, element: int, sd_D: Array) -> Move:
    """Move one element (0 to D - 1) of every code by one of its sd.

    >>> element_move(np.zeros((2, 3)), 1, np.array([1.0, 2.0, 3.0])).delta.tolist()
    [[0.0, 2.0, 0.0], [0.0, 2.0, 0.0]]
    """
    return direction_move(f"z[{element}] += sd", codes_ND, np.arange(len(sd_D)) == element, sd_D)


def together_move(codes_ND: Array, element: int, sd_D: Array, covariance_DD: Array) -> Move:
    """Move one element by one of its sd, and the others as they go with it.

    Every other element follows by its linear regression on this one: by its covariance with it,
    divided by the sd of this one.

    >>> covariance = np.array([[4.0, 1.0], [1.0, 1.0]])
    >>> together_move(np.zeros((1, 2)), 0, np.array([2.0, 1.0]), covariance).delta.tolist()
    [[2.0, 0.5]]
    """
    live = sd_D > 0
    follows = np.divide(
        covariance_DD[element], sd_D * sd_D[element], out=np.zeros(len(sd_D)), where=live
    )
    follows[element] = 1.0
    return direction_move(f"z[{element}] += sd, the others with it", codes_ND, follows, sd_D)


def edit_move(text: str, codes_ND: Array, edited_ND: Array) -> Move:
    """The difference between edited codes and codes; ``text`` is the edit as typed."""
    if codes_ND.shape != edited_ND.shape:
        raise InputError(f"edited codes of shape {edited_ND.shape} for codes {codes_ND.shape}")
    return Move(text, edited_ND - codes_ND)


def random_move(move: Move, sd_D: Array, seed: int) -> Move:
    """A direction drawn for each image, as long as ``move`` is in that image, in sd.

    It shows what a move of this length does in no particular direction. Dead elements (sd 0) have
    no length and do not move.
    """
    delta, live = move.delta, sd_D > 0
    drawn = np.random.default_rng(seed).standard_normal(delta.shape) * live
    drawn /= np.maximum(np.linalg.norm(drawn, axis=1, keepdims=True), 1e-12)
    in_sd = np.divide(delta, sd_D, out=np.zeros(delta.shape), where=live)
    length = np.linalg.norm(in_sd, axis=1, keepdims=True)
    return Move(f"random, as long as {move.label}", np.asarray(drawn * length * sd_D, delta.dtype))
