"""Networks trained on renders, and the factors of what they draw, re-read without any probe.

The change of a decoded picture is written as a sum of the changes that the same network draws when
the renderer moves each factor of that very face by 1 sd. The coefficients are the factors' effects.
This reading learns nothing: ``read_factors`` solves a regularised least squares for each face.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

import zatlas
from known.banks import drawn_share, labelled, likeness
from known.scores import DRAWN
from known.truth import Array, Case, Effects, Properties, effects
from known.world import NAMES, K, World
from zatlas.evidence.arrays import Decode, Encode, floats, in_batches
from zatlas.latents.directions.bases import principal_axes
from zatlas.run.run import Run, open_run
from zatlas.workflows.atlas import subject_of

NETWORKS = {"fcn-64": 20, "conv-64": 12, "vae-conv-64": 12}
"""Models and the epochs they are trained for, on the images that probes learn from."""
SCALE = {"fcn-64": 1.0, "conv-64": 0.5, "vae-conv-64": 0.5}
"""Of the widths: half of a convolutional network trains in a minute on one core."""
PRINCIPAL = ("fcn-64", "conv-64")
"""Networks whose code is turned to its principal axes: a plain autoencoder's code may be turned
freely, and its own 64 elements do less than 0.15 sd each. Those of a VAE are left as they are.
"""
KNOWN = 16  # elements of a network whose truth is measured: the 8 strongest, and 8 of the rest
FACES_LOOKED_AT = 16  # to tell which elements change pictures most
ASKED = 10  # of these, judged in a draw
STILL = 0.02  # sd, root mean square: an element that moves nothing farther is dead
DIRECTIONS = 10
"""Directions that the part of a change which no factor explains is taken to spread over."""
FLOOR = 0.5
"""Its energy in each, at least: 0.7 grey levels over a picture, by noise and by bending."""
LIKELY = 0.5  # sd: how far an element moves a factor of one face, beforehand
ROUNDS = 20  # of estimating the part that no factor explains
SEEN = 0.25
"""A factor of which less is drawn is not read: other factors would pass for it."""
READ = 0.75
"""Nobody knows how far an element moves a factor of which less would be read."""


@dataclass(frozen=True)
class Trained:
    """A network and what is true of the elements ``known``; ``reading`` is the reader's quality."""

    world: World
    encode: Encode
    decode: Decode
    sd: Array
    known: Array
    truth: Sequence[tuple[Properties, Effects]]
    reading: dict[str, float]


def train(world: World, model: str) -> Run:
    """The network of this world, trained once."""
    folder = world.place / model
    if not (folder / "codes.npz").exists():
        zatlas.train(
            model, np.asarray(world.labelled[: world.learned]), out=folder, epochs=NETWORKS[model],
            scale=SCALE[model], seed=world.seed, overwrite=folder.exists(),
        )  # fmt: skip
    return open_run(folder)


def network(world: World, model: str) -> tuple[Encode, Decode, Array]:
    """Encoder and decoder of the network, and the sd (D,) of its code; turned if PRINCIPAL."""
    learned = np.asarray(world.labelled[: world.learned])
    subject = subject_of(train(world, model), learned)
    codes = subject.codes.astype(np.float64)
    if model not in PRINCIPAL:
        return subject.encode, subject.decode, codes.std(0).astype(np.float32)
    axes = principal_axes(codes).directions.astype(np.float32)

    def encode(pictures: Array) -> Array:
        return subject.encode(pictures) @ axes.T

    def decode(z_BD: Array) -> Array:
        return subject.decode(z_BD @ axes)

    return encode, decode, (codes @ axes.T).std(0).astype(np.float32)


def make_trained(
    world: World, model: str, attributes: Sequence[str], measure: Callable[[Array], Array]
) -> Trained:
    """The network of a world, with the truth of some of its elements over the population."""
    encode, decode, sd = network(world, model)
    faces = np.asarray(world.pictures[:, 0])
    codes = in_batches(encode, floats(faces))
    first, rest = np.split(strongest(decode, codes[:FACES_LOOKED_AT], sd), [KNOWN // 2])
    elements = np.sort(np.r_[first, world.rng(6).permutation(rest)[: KNOWN // 2]])
    moves = np.zeros((len(elements), len(sd)), np.float32)
    moves[np.arange(len(elements)), elements] = sd[elements]

    def seen(pictures: Array) -> Array:
        return decode(encode(pictures))

    drawn = drawn_share(world, seen)
    values, factors, resolutions, left, errors = [], [], [], [], []
    for face, code in enumerate(codes):
        slopes, changes, true = renderer_moves(world, face, seen)
        slopes[drawn < SEEN] = 0
        pictures = decode(np.concatenate([code[None], code + moves, code - moves]))
        values.append(measure(pictures))
        changed = (pictures[1:] - pictures[0]).reshape(2 * len(moves), -1)
        read, rest, resolution = read_factors(changed, slopes)
        factors.append(read)
        resolutions.append(resolution)
        left.append(rest)
        errors.append((read_factors(changes, slopes)[0] - true)[:, drawn >= DRAWN])
    originals = in_batches(lambda part: measure(floats(part)), faces, 64)
    shown, moved = np.stack(values), np.stack(factors) * world.known[:, 0].std(0)
    own = Properties("attribute", attributes, originals.std(0), likeness(originals, shown[:, 0]))
    known = Properties("factor", NAMES, world.known[:, 0].std(0), drawn)
    up, down = slice(len(moves)), slice(len(moves), None)
    unknown = np.mean(resolutions, 0).reshape(2, len(moves), K).min(0) < READ
    moved[:, np.concatenate([unknown, unknown])] = np.nan
    truth = [
        (own, effects(shown[:, 0], shown[:, 1:][:, up], shown[:, 1:][:, down], own.scale)),
        (known, effects(np.zeros((world.faces, K)), moved[:, up], moved[:, down], known.scale)),
    ]
    quality = {
        "factors drawn": float((drawn >= DRAWN).sum()),
        "error of one face, sd": float(np.sqrt(np.square(errors).mean())),
        "error of a mean effect, sd": float(np.sqrt(np.square(np.mean(errors, 0)).mean())),
        "left over of elements' changes": float(np.median(left)),
        "factors of elements that are known": float(1 - unknown.mean()),
    }
    return Trained(world, encode, decode, sd, elements, truth, quality)


def strongest(decode: Decode, codes: Array, sd: Array) -> Array:
    """The elements whose sd is not 0, those that change pictures most first."""
    live = np.flatnonzero(sd > 0)
    before = decode(codes)
    moves = sd * np.eye(len(sd), dtype=np.float32)[live]
    sizes = [np.abs(decode(codes + move) - before).mean() for move in moves]
    return np.asarray(live[np.argsort(sizes)[::-1]])


def renderer_moves(
    world: World, face: int, seen: Callable[[Array], Array]
) -> tuple[Array, Array, Array]:
    """What a network draws of the renderer's moves of one face: the change for 1 sd of each factor
    (K, F); the changes by the world's other moves (M, F), and these moves (M, K), in sd.
    """
    shown = seen(floats(np.asarray(world.pictures[face, : world.copy(0)])))
    flat = shown.reshape(len(shown), -1)
    known = world.known[face, : len(flat)] / world.known[:, 0].std(0)
    up, down = (np.array([world.at(k, side) for k in range(K)]) for side in (1, -1))
    step = (known[up] - known[down])[np.arange(K), np.arange(K)]
    others = slice(world.at(K, 1), None)
    slopes = (flat[up] - flat[down]) / step[:, None]
    return slopes, flat[others] - flat[0], known[others] - known[0]


def read_factors(changes: Array, slopes: Array) -> tuple[Array, Array, Array]:
    """Factors moved (M, K), in sd, by changes of pictures (M, F), the share (M,) left over, and how
    much of a move of each factor would be read there, (M, K).

    ``slopes`` (K, F) is the change of the picture for 1 sd of each factor. The posterior mean of a
    linear model: coefficients have the sd ``LIKELY`` beforehand; what is left has one variance,
    estimated from what is left. A factor whose change cannot be told from the rest is read as less
    than it moves: by the diagonal of the model's resolution matrix (Backus & Gilbert 1968), which
    is 0 for a factor of slope 0. (The values of the constants are those that read moves of the
    renderer best, worlds of development.)
    """
    slopes, changes = slopes.astype(np.float64), changes.astype(np.float64)
    values, axes = np.linalg.eigh(slopes @ slopes.T)
    values = np.maximum(values, 0)
    along = changes @ slopes.T @ axes  # (M, K)
    energy = np.square(changes).sum(1)
    left = energy
    for _ in range(ROUNDS):
        noise = np.maximum(left / DIRECTIONS, FLOOR)[:, None] / LIKELY**2
        coefficients = along / (values + noise)
        left = energy - 2 * (coefficients * along).sum(1) + coefficients**2 @ values
    resolution = (values / (values + noise)) @ np.square(axes).T
    return coefficients @ axes.T, np.maximum(left, 0) / np.maximum(energy, 1e-12), resolution


def network_case(trained: Trained, seed: int, images: int) -> Case:
    """The case of one seed: images of the population, and some of the elements."""
    world, rng = trained.world, np.random.default_rng([seed, 7])
    rows = rng.integers(0, world.faces, images)
    asked = rng.permutation(len(trained.known))[:ASKED]
    faces = np.asarray(world.pictures[rows, 0])
    sd = np.zeros_like(trained.sd)
    sd[trained.known[asked]] = trained.sd[trained.known[asked]]
    truth = [(own, _placed(found, trained.known, len(sd))) for own, found in trained.truth]
    own, e = trained.truth[0]
    still = (e.rms < STILL * own.scale).all(1)
    kinds = ["network"] * len(sd)
    for element in trained.known[still]:
        kinds[element] = "dead"
    codes = in_batches(trained.encode, floats(faces))
    return Case(trained.decode, trained.encode, codes, sd, faces, labelled(world), kinds, truth)


def _placed(found: Effects, elements: Array, count: int) -> Effects:
    """The effects at the places of their elements among ``count``; NaN elsewhere."""
    fields = {}
    for name, values in vars(found).items():
        fields[name] = np.full((count, values.shape[1]), np.nan)
        fields[name][elements] = values
    return Effects(**fields)
