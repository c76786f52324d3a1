"""Is an effect more than that of a direction that is not for it? Is the identity kept?"""

from collections.abc import Callable

import numpy as np

from zatlas.evidence.arrays import Array, Decode, Encode, batches, in_batches
from zatlas.evidence.directions.records import Identity, LearningStability, NullEffects
from zatlas.evidence.directions.targets import Scale
from zatlas.evidence.effects.difference import Centre
from zatlas.evidence.properties.property_set import PropertySet
from zatlas.latents.directions import cosine, unit

DRAWS = 200  # of each null distribution
NULL_IMAGES = 16  # over which the effect of each draw is measured
RESAMPLES = 50  # bootstrap samples of the images that a direction is learned from
_AT_ONCE = 8  # directions that are decoded together

Learn = Callable[[Array], Array]
"""Rows of the images to learn from to a direction (D,)."""


def sizes_of_moves(
    vectors_VD: Array, decode: Decode, properties: PropertySet, centre: Centre, scale: Scale,
    images: int = NULL_IMAGES,
) -> Array:  # fmt: skip
    """The mean changes (V, A) by each of V moves over the first images of the centre, in sd."""
    count = min(images, len(centre.codes))
    codes, before = centre.codes[:count], centre.values[:count]
    comparison = centre.comparison.rows(slice(0, count)) if centre.comparison else None
    found = []
    for part in batches(len(vectors_VD), _AT_ONCE):
        moved = codes[None] + vectors_VD[part, None].astype(np.float32)
        pictures = decode(moved.reshape(-1, codes.shape[1]))
        for each in np.split(pictures, len(moved)):
            values = properties.measure(each)
            if comparison is not None:
                values = np.concatenate([comparison.measure(each), values], axis=1)
            found.append(scale.sizes((values - before).mean(0)))
    return np.stack(found)


def null_effects(observed: float, drawn_V: Array) -> NullEffects:
    """An effect beside those of V directions that are not for the target.

    >>> null_effects(0.5, np.array([0.1, -0.2, 0.6])).p  # one of three, and the effect itself
    0.5
    """
    sizes = np.abs(drawn_V)
    return NullEffects(
        draws=len(sizes), observed=observed, median=np.median(sizes),
        high=np.quantile(sizes, 0.95), p=(1 + (sizes >= abs(observed)).sum()) / (1 + len(sizes)),
    )  # fmt: skip


def learning_stability(
    vector_D: Array, learn: Learn, count: int, covariance_DD: Array, seed: int
) -> LearningStability:
    """How alike directions are that are learned from other samples of ``count`` images."""
    rng = np.random.default_rng(seed)
    halves = np.array_split(rng.permutation(count), 2)
    again = [learn(rng.integers(0, count, count)) for _ in range(RESAMPLES)]
    cosines = [cosine(vector_D, one, covariance_DD) for one in again]
    return LearningStability(
        halves=cosine(learn(halves[0]), learn(halves[1]), covariance_DD), resamples=RESAMPLES,
        median=np.median(cosines), low=np.quantile(cosines, 0.05),
    )  # fmt: skip


def permuted_directions(
    learn_permuted: Callable[[np.random.Generator], Array], length: float, covariance_DD: Array,
    seed: int, draws: int = DRAWS,
) -> Array:  # fmt: skip
    """Directions (V, D) learned alike from permuted labels, each of a Mahalanobis length."""
    rng = np.random.default_rng(seed)
    found = [unit(learn_permuted(rng), covariance_DD) for _ in range(draws)]
    return length * np.stack(found)


def measure_identity(
    encode: Encode, decode: Decode, codes_ND: Array, vector_D: Array, random_D: Array, sd_D: Array
) -> Identity:
    """How often a moved code's picture, encoded again, is nearest to its own image.

    Parameters
    ----------
    codes_ND : of the images.
    vector_D, random_D : the step, and a random one of the same length.
    sd_D : of each element; dead elements are left out.
    """
    live = sd_D > 0
    along = np.divide(vector_D, sd_D, out=np.zeros(len(sd_D)), where=live)
    along /= max(float(np.linalg.norm(along)), 1e-12)

    def off(codes: Array) -> Array:
        """Codes in sd, without their part along the direction."""
        scaled = np.divide(codes, sd_D, out=np.zeros(codes.shape), where=live)
        return np.asarray(scaled - np.outer(scaled @ along, along))

    def again(step_D: Array) -> float:
        moved = codes_ND + step_D.astype(np.float32)
        return _own_nearest(off(in_batches(lambda z: encode(decode(z)), moved)), off(codes_ND))

    return Identity(
        n=len(codes_ND), kept=again(vector_D), unedited=again(np.zeros(len(sd_D))),
        random=again(random_D),
    )  # fmt: skip


def _own_nearest(queries_ND: Array, known_ND: Array) -> float:
    """The fraction of queries whose nearest known point is that of the same row.

    >>> _own_nearest(np.array([[0.1], [0.05]]), np.array([[0.0], [0.2]]))
    0.5
    """
    squares = (queries_ND**2).sum(1)[:, None] + (known_ND**2).sum(1) - 2 * queries_ND @ known_ND.T
    return float((squares.argmin(1) == np.arange(len(queries_ND))).mean())
