"""Decoders that show pictures of a world: as they were rendered, or through a PCA, in 8 bits.

Between and beyond +1 and -1 sd of an element, and where several elements move, the changes of
pixels are scaled and added, so that the decoder is defined everywhere; only +1 and -1 sd of single
elements are judged.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from known.elements import drawn_elements
from known.truth import Array, Case, Effects, Properties, effects
from known.world import NAMES, NOISE, K, World
from zatlas.evidence.arrays import GREY_LEVELS, Measure, floats, in_batches
from zatlas.evidence.properties.factors import tell_apart
from zatlas.evidence.properties.property_set import Labelled

DRAWN_FROM = 100  # faces over which the share of a factor that is drawn is taken


@dataclass(frozen=True)
class Bank:
    """A world as a decoder shows it.

    ``pictures`` (faces, pictures + edits, 64, 64, 3) and ``labelled`` (M, 64, 64, 3), uint8, are
    what is shown of the world's. ``properties`` are the attributes and the factors, ``values``
    (faces, pictures + edits, K) the attributes of every picture as shown.
    """

    world: World
    pictures: Array
    labelled: Array
    properties: tuple[Properties, Properties]
    values: Array

    @cached_property
    def labelled_areas(self) -> Array:
        """Area means of the labelled images as rendered."""
        return areas(self.world.labelled)


def project(components: int, learned: Array) -> Callable[[Array], Array]:
    """Pictures as a PCA of ``learned`` uint8 images sees them, floats in and out."""
    from sklearn.decomposition import PCA

    flat = floats(learned).reshape(len(learned), -1)
    pca = PCA(components, svd_solver="randomized", random_state=0).fit(flat)
    axes, mean = pca.components_.astype(np.float32), pca.mean_.astype(np.float32)

    def seen(pictures: Array) -> Array:
        part = (pictures.reshape(len(pictures), -1) - mean) @ axes.T
        return np.asarray(np.clip(part @ axes + mean, -1, 1).reshape(pictures.shape))

    return seen


def unchanged(pictures: Array) -> Array:
    """Pictures as a perfect decoder shows them."""
    return pictures


def make_bank(
    world: World, components: int | None, attributes: Sequence[str], measure: Measure
) -> Bank:
    """The bank of a world, through a PCA of so many ``components`` or None; measured once."""
    seen = unchanged
    if components is not None:
        seen = project(components, np.asarray(world.labelled[: world.learned]))

    def shown(pictures: Array) -> Array:
        """In 8 bits, so that the same picture has the same values whatever it is decoded with."""
        return np.rint((seen(floats(pictures)) + 1) * GREY_LEVELS).astype(np.uint8)

    pictures = np.stack([shown(world.shown(face)) for face in range(world.faces)])
    values = np.stack([measure(floats(face)) for face in pictures])
    first = np.asarray(world.pictures[:, 0])
    originals = in_batches(lambda part: measure(floats(part)), first, 64)
    own = Properties("attribute", attributes, originals.std(0), likeness(originals, values[:, 0]))
    factors = Properties("factor", NAMES, world.known[:, 0].std(0), drawn_share(world, seen))
    labelled = in_batches(shown, world.labelled, 64)
    return Bank(world, pictures, labelled, (own, factors), values)


def likeness(originals_NK: Array, shown_NK: Array) -> Array:
    """Correlation of each attribute of images and of what the decoder shows of them, (K,)."""
    pairs = zip(originals_NK.T, shown_NK.T, strict=True)
    return np.array([np.corrcoef(a, b)[0, 1] if b.std() > 0 else 0.0 for a, b in pairs])


def drawn_share(world: World, seen: Callable[[Array], Array]) -> Array:
    """How much of the change by 1 sd of each factor is seen, (K,): 1 - |S - R|^2 / |S|^2.

    S is the change of the rendered picture, R of what the decoder shows. The energy that the noise
    of the two pictures adds to S is taken off; a perfect decoder has 1, one that shows nothing 0.
    """
    share = np.zeros(K)
    for k in range(K):
        up, down = (floats(world.pictures[:DRAWN_FROM, world.at(k, side)]) for side in (1, -1))
        rendered, shown = up - down, seen(up) - seen(down)
        noise = 2 * (NOISE / GREY_LEVELS) ** 2 * rendered.size
        lost = np.square(rendered - shown).sum() - (noise if seen is not unchanged else 0)
        share[k] = 1 - max(lost, 0) / (np.square(rendered).sum() - noise)
    return share


def bank_case(bank: Bank, seed: int, images: int) -> Case:
    """The case of one seed: elements, images and codes are drawn by it."""
    world, rng = bank.world, np.random.default_rng([seed, 5])
    elements = drawn_elements(world, rng)
    rows = rng.integers(0, world.faces, images)
    codes = rng.standard_normal((images, len(elements))).astype(np.float32)
    known_codes = rng.standard_normal((len(world.labelled), len(elements))).astype(np.float32)
    places = np.stack([[e.up, e.down] for e in elements])  # (D, 2, faces)
    first = np.asarray(world.pictures[rows, 0])
    of_labelled = {code.tobytes(): row for row, code in enumerate(known_codes)}

    def changed(code: Array) -> Array:
        """The picture of one code, floats."""
        if code.tobytes() in of_labelled:
            return floats(bank.labelled[of_labelled[code.tobytes()]])
        image = int(np.minimum(np.abs(codes - code), 0.1).sum(1).argmin())
        steps, face = code - codes[image], rows[image]
        moved = np.flatnonzero(np.abs(steps) > 1e-4)
        at = [places[j, int(steps[j] < 0), face] for j in moved]
        if len(moved) == 1 and abs(abs(steps[moved[0]]) - 1) < 1e-4:  # as it was measured
            return floats(bank.pictures[face, at[0]])
        centre = floats(bank.pictures[face, 0])
        changes = [np.abs(steps[j]) * (floats(bank.pictures[face, place]) - centre)
                   for j, place in zip(moved, at, strict=True)]  # fmt: skip
        return np.clip(centre + sum(changes), -1, 1)

    def decode(z_BD: Array) -> Array:
        return np.stack([changed(code) for code in np.asarray(z_BD, np.float32)])

    coarse = np.concatenate([areas(first), bank.labelled_areas])
    lengths, every = (coarse**2).sum(1) / 2, np.concatenate([codes, known_codes])

    def encode(x_BHWC: Array) -> Array:
        """The code of the image that is most like each picture."""
        return every[(areas(x_BHWC) @ coarse.T - lengths).argmax(1)]

    return Case(
        decode, encode, codes, np.ones(len(elements), np.float32), first, labelled(world),
        [e.kind for e in elements], truth(bank, places),
    )  # fmt: skip


def truth(bank: Bank, places: Array) -> list[tuple[Properties, Effects]]:
    """The effects of elements that show the pictures ``places`` (D, 2, faces) over all faces."""
    faces = np.arange(bank.world.faces)
    answer = []
    for properties, values in zip(bank.properties, (bank.values, bank.world.known), strict=True):
        up, down = (values[faces[:, None], places[:, side].T] for side in (0, 1))
        answer.append((properties, effects(values[:, 0], up, down, properties.scale)))
    return answer


def labelled(world: World) -> Labelled:
    """The labelled images of a world; those behind the ``learned`` ones are held out."""
    factors, _ = tell_apart(dict(zip(NAMES, world.labels.T, strict=True)))
    return Labelled(world.labelled, factors, np.arange(len(world.labels)) >= world.learned)


def areas(pictures: Array) -> Array:
    """Means over 8 x 8 areas, (N, 192)."""
    n, height, width, channels = pictures.shape
    blocks = pictures.reshape(n, 8, height // 8, 8, width // 8, channels)
    means = np.concatenate(
        [floats(part).mean((2, 4)) for part in np.array_split(blocks, 1 + n // 256)]
    )
    return means.reshape(n, -1)
