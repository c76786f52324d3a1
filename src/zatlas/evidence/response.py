"""How the decoder answers: its slope along each element, and elements that act together."""

from collections.abc import Callable, Sequence

import numpy as np

from zatlas.evidence.effects import Centre, element_move, energy
from zatlas.evidence.measure import GREY_LEVELS, Array, Decode, batches


def interactions(
    decode: Decode, centre: Centre, sd: Array, elements: Sequence[int], n: int = 64, batch: int = 16
) -> Array:
    """How far pairs of elements act together instead of side by side, (K, K), 0 on the diagonal.

    mean |D(z+i+j) - D(z+i) - D(z+j) + D(z)| / mean of (|D(z+i) - D(z)| + |D(z+j) - D(z)|) / 2, by
    one sd each, over the first ``n`` images: the finite-difference form of the Hessian penalty
    (Peebles et al. 2020). 0: what one does, it does whatever the other is.
    """
    k = len(elements)
    joint, single = np.zeros((k, k)), np.zeros(k)
    for part in batches(min(n, len(centre.codes)), batch):
        z, base = centre.codes[part], centre.pictures[part]
        moves = [element_move(z, j, sd) for j in elements]
        alone = [decode(z + move) - base for move in moves]
        single += [_norms(effect) for effect in alone]
        for i in range(k):
            for j in range(i + 1, k):
                both = decode(z + moves[i] + moves[j]) - base
                joint[i, j] += _norms(both - alone[i] - alone[j])
    scale = (single[:, None] + single[None, :]) / 2
    return np.divide(joint + joint.T, scale, out=np.zeros((k, k)), where=scale > 0)


def _norms(pictures: Array) -> float:
    return float(np.linalg.norm(pictures.reshape(len(pictures), -1), axis=1).sum())


def sensitivity(
    decode: Decode,
    z_ND: Array,
    sd: Array,
    jvp: Callable[[Array, Array], Array] | None = None,
    step: float = 0.1,
) -> Array:
    """Slope of the decoder along each element, (D,): grey levels (root mean square) per sd.

    sqrt(mean over images and pixels of (sd_j dD/dz_j)^2): what an infinitely small move does.
    ``jvp(z, v)`` gives the exact derivative of the pictures along v; without it the slope is the
    central difference over ``step`` sd. Misleads where the decoder is far from linear: a kink or a
    saturated output has a slope that the next sd does not keep.
    """
    answer = np.zeros(len(sd))
    for j in np.flatnonzero(sd > 0):
        v = element_move(z_ND, int(j), sd)
        if jvp is not None:
            slope = jvp(z_ND, v)
        else:
            ahead, behind = (decode(z_ND + np.float32(t) * v) for t in (step, -step))
            slope = (ahead - behind) / np.float32(2 * step)
        answer[j] = np.sqrt(energy(slope) / slope.size) * GREY_LEVELS
    return answer
