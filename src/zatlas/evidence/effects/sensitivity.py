"""Sensitivity of the decoder: its slope along a move, and moves that act together."""

from collections.abc import Callable, Sequence

import numpy as np

from zatlas.evidence.arrays import GREY_LEVELS, Array, Decode, batches
from zatlas.evidence.effects.difference import Centre, energy
from zatlas.latents.moves import Move

_MOVES_PER_BATCH = 8


def interactions(
    decode: Decode, centre: Centre, moves: Sequence[Move], n: int = 64, batch: int = 16
) -> Array:
    """How far pairs of K moves act together instead of side by side, (K, K), 0 on the diagonal.

    mean |D(z+i+j) - D(z+i) - D(z+j) + D(z)| / mean of (|D(z+i) - D(z)| + |D(z+j) - D(z)|) / 2, over
    the first ``n`` images: the finite-difference form of the Hessian penalty (Peebles et al. 2020).
    At 0, the effect of one move does not depend on the other.
    """
    k = len(moves)
    joint, single = np.zeros((k, k)), np.zeros(k)
    for part in batches(min(n, len(centre.codes)), batch):
        z, base = centre.codes[part], centre.pictures[part]
        deltas = [move.delta[part] for move in moves]
        alone = [decode(z + delta) - base for delta in deltas]
        single += [_norms(effect) for effect in alone]
        for i in range(k):
            for j in range(i + 1, k):
                both = decode(z + deltas[i] + deltas[j]) - base
                joint[i, j] += _norms(both - alone[i] - alone[j])
    scale = (single[:, None] + single[None, :]) / 2
    return np.divide(joint + joint.T, scale, out=np.zeros((k, k)), where=scale > 0)


def _norms(pictures: Array) -> float:
    return float(np.linalg.norm(pictures.reshape(len(pictures), -1), axis=1).sum())


def sensitivity(
    decode: Decode,
    z_ND: Array,
    moves: Sequence[Move],
    jvp: Callable[[Array, Array], Array] | None = None,
    step: float = 0.1,
) -> Array:
    """Slope of the decoder along each of M moves, (M,): grey levels (root mean square) per move.

    sqrt(mean over images and pixels of (dD/dt)^2) for z + t * delta at t = 0. It misleads where the
    decoder is far from linear: the slope of a kink or of a saturated output does not last.

    Parameters
    ----------
    decode : the decoder.
    z_ND : codes; the first N rows of every move are used.
    moves : the moves; one that moves nothing has the slope 0.
    jvp : ``jvp(z, v)``, the exact derivative of the pictures along v. Without it the slope is the
        central difference over ``step`` times the move.
    """
    slopes = np.zeros(len(moves))
    moving = [j for j, move in enumerate(moves) if move.delta[: len(z_ND)].any()]
    for part in batches(len(moving), _MOVES_PER_BATCH):  # one large product is faster than many
        some = moving[part]
        z = np.tile(z_ND, (len(some), 1))
        v = np.concatenate([moves[j].delta[: len(z_ND)] for j in some])
        if jvp is not None:
            slope = jvp(z, v)
        else:
            ahead, behind = (decode(z + np.float32(t) * v) for t in (step, -step))
            slope = (ahead - behind) / np.float32(2 * step)
        for j, one in zip(some, np.split(slope, len(some)), strict=True):
            slopes[j] = np.sqrt(energy(one) / one.size) * GREY_LEVELS
    return slopes
