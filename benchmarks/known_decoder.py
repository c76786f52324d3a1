"""Evidence against the truth: the face renderer is the decoder, and an element is a factor.

    python benchmarks/known_decoder.py --draws 200 --images 128 --out benchmarks/known_decoder.csv

A draw makes a code of 18 elements in random order: 7 factors one by one, 2 of them once more
(duplicates), 3 pairs of factors mixed by a rotation of 30 or 45 degrees, 3 dead elements. Its 128
images come, with replacement, from a bank of rendered faces; the bank holds each face with every
direction moved by one sd either way, so that a draw renders nothing, and the mean effect over the
whole bank is the truth that intervals must cover. Every picture carries its own noise of 2 grey
levels, so that even a dead element changes pixels. Evidence sees codes and pictures alone; factors
reach it through probes trained on other rendered faces and judged on held-out ones: a small
network, or with ``--probe features`` the probes that zatlas trains on any labelled images.

Written: a row an element and draw, and beside it a row a question: asked, found.
"""

import argparse
import csv
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from zatlas.evidence.account.move_effects import move_effects
from zatlas.evidence.account.naming import named_effects
from zatlas.evidence.arrays import Measure, Property, floats, in_batches
from zatlas.evidence.effects import difference
from zatlas.evidence.properties import attributes
from zatlas.evidence.properties.crosstalk import responses
from zatlas.evidence.properties.factors import tell_apart
from zatlas.evidence.properties.probes import Probe, train_probes
from zatlas.evidence.properties.property_set import PropertySet
from zatlas.evidence.statistics.intervals import bca
from zatlas.images.faces import FACTORS, render
from zatlas.latents.moves import element_move

NAMES = [factor.name for factor in FACTORS]
K = len(NAMES)
HUE = NAMES.index("background_hue")
INNER = 0.6  # bank faces lie in the inner part of each range: one sd more stays within it
SD = 1 / np.sqrt(3)  # of a latent, which is uniform in -1..1
ANGLES = (30, 45)  # of the rotations
NOISE = 2.0  # grey levels
PAIRS, TWICE, DEAD = 3, 2, 3  # in each draw


def factors(latents_NK):
    """Latents, in -1..1 for a bank face, as factors in their units; of a binary one, the sign."""
    low, high = np.array([(factor.low, factor.high) for factor in FACTORS]).T
    values = (low + high) / 2 + INNER * (high - low) / 2 * latents_NK
    return np.where([f.kind == "binary" for f in FACTORS], latents_NK > 0, values)


def picture(values_NK):
    return render(dict(zip(NAMES, values_NK.T, strict=True)))


def pictures(values_NK, workers=None):
    chunks = np.array_split(values_NK, -(-len(values_NK) // 64))
    with ProcessPoolExecutor(workers) as pool:
        return np.concatenate(list(pool.map(picture, chunks)))


def noisy(pixels, rng):
    noise = rng.standard_normal(pixels.shape, np.float32) * np.float32(NOISE)
    return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)


# The bank


@dataclass(frozen=True)
class Bank:
    """``pixels`` (faces, 1 + 2 * directions, H, W, 3): each face, moved up, moved down; ``labels``
    (faces, K): its factors; ``moved`` (directions, K): the mean effect of a direction on each
    factor, in sd of the factor, 0 where it does not move it.
    """

    pixels: np.ndarray
    labels: np.ndarray
    moved: np.ndarray

    def main_factors(self, direction):
        """Factors that may be named first: the one moved most, and any moved 0.9 as far."""
        far = np.abs(self.moved[direction])
        return [NAMES[k] for k in np.flatnonzero(far >= 0.9 * far.max())]


def directions(rng):
    """Directions one sd long, (13 + 12, K): every factor, and six pairs that share no factor."""
    unit, order = np.eye(K), rng.permutation(K).tolist()
    vectors = list(unit)
    for pair in range(K // 2):
        i, j = order[2 * pair : 2 * pair + 2]
        c, s = np.cos(angle := np.deg2rad(ANGLES[pair % 2])), np.sin(angle)
        vectors += [c * unit[i] + s * unit[j], c * unit[j] - s * unit[i]]
    return SD * np.array(vectors)


def make_bank(count, seed):
    rng = np.random.default_rng(seed)
    vectors = directions(rng)
    steps = np.concatenate([np.zeros((1, K)), vectors, -vectors])
    values = factors(rng.uniform(-1, 1, (count, 1, K)) + steps)
    clean = pictures(values.reshape(-1, K))
    clean = clean.reshape(count, len(steps), *clean.shape[1:])
    centre, up, down = split(clean)
    dead = np.repeat(centre, DEAD, axis=1)
    pixels = np.concatenate([centre, up, dead, down, dead], axis=1)
    for face in pixels:  # in place: the bank is large
        face[:] = noisy(face, rng)
    centre, up, down = split(values)
    moved = ((up - down) / 2).mean(0) / centre[:, 0].std(0)
    return Bank(pixels, centre[:, 0], np.concatenate([moved, np.zeros((DEAD, K))]))


def split(bank):
    """Of (faces, 1 + 2 * directions, ...): the faces, moved up, moved down."""
    return np.split(bank, [1, 1 + bank.shape[1] // 2], axis=1)


# The probes


@dataclass(frozen=True)
class Probes:
    """``read`` gives a column for each factor of ``names``; ``scores`` holds the probe of each;
    ``crosstalk`` is measured on held-out faces.
    """

    read: Measure
    names: list[str]
    scores: dict[str, Probe]
    crosstalk: np.ndarray


def aims(values_NK):
    """Factors as a network is asked for them: the hue, a circle, as its sine and cosine."""
    hue = np.deg2rad(values_NK[:, HUE] - 180)
    return np.column_stack([values_NK, np.sin(hue), np.cos(hue)]).astype(np.float32)


def train_network(pixels, values_NK, epochs, seed):
    """A small network from pictures to factors, (B, H, W, 3) in [-1, 1] to (B, K)."""
    torch.manual_seed(seed)
    wanted = torch.from_numpy(aims(values_NK))
    centre, spread = wanted.mean(0), wanted.std(0)
    layers = [nn.Conv2d(3, 24, 5, 2, 2), nn.ReLU()]
    for a, b in ((24, 48), (48, 64), (64, 96)):
        layers += [nn.Conv2d(a, b, 3, 2, 1), nn.ReLU()]
    layers += [nn.Flatten(), nn.Linear(96 * 16, 128), nn.ReLU(), nn.Linear(128, len(centre))]
    net = nn.Sequential(*layers)
    rng = np.random.default_rng(seed)
    order = np.concatenate([rng.permutation(len(pixels)) for _ in range(epochs)])
    rows = [order[at : at + 64] for at in range(0, len(order) - 63, 64)]
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=len(rows))
    for at in rows:
        x = torch.from_numpy(floats(noisy(pixels[at], rng))).permute(0, 3, 1, 2)
        loss = (net(x) - (wanted[at] - centre) / spread).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()

    @torch.inference_mode()
    def read(x_BHWC):
        out = net(torch.from_numpy(x_BHWC).permute(0, 3, 1, 2)) * spread + centre
        values = out.numpy().astype(np.float64)
        values[:, HUE] = 180 + np.rad2deg(np.arctan2(values[:, -2], values[:, -1]))
        return values[:, :K]

    return lambda x: in_batches(read, x)


def network_probes(pixels, values_NK, held_out, epochs, seed):
    """The probes of a network; chance, guessing the mean, has R2 0."""
    read = train_network(pixels[held_out:], values_NK[held_out:], epochs, seed)
    truth = values_NK[:held_out]
    guess = read(floats(pixels[:held_out]))
    off, spread = (guess - truth) ** 2, (truth - truth.mean(0)) ** 2
    score = 1 - off.sum(0) / spread.sum(0)
    high, low = (1 - end for end in bca(off, seed, weights=spread))
    scores = {
        name: Probe(
            name=name, factor=name, kind=FACTORS[k].kind, level=None, balanced=None, slope=None,
            trained_on=len(pixels) - held_out, base=values_NK[held_out:, k].mean(), metric="R2",
            score=score[k], low=low[k], high=high[k], chance=0, n=held_out, sd=guess[:, k].std(),
            passed=bool(low[k] > 0),
        )
        for k, name in enumerate(NAMES)
    }  # fmt: skip
    return Probes(read, NAMES, scores, responses(guess, truth))


def feature_probes(pixels, values_NK, held_out, seed):
    """The probes that zatlas itself trains."""
    known, _ = tell_apart(dict(zip(NAMES, values_NK.T, strict=True)))
    judges = np.arange(len(pixels)) < held_out
    probes = train_probes(pixels, known, held_out=judges, seed=seed)
    names = [probe.name for probe in probes.used]
    truth = values_NK[:held_out][:, [NAMES.index(name) for name in names]]
    crosstalk = responses(probes.measure(floats(pixels[:held_out])), truth)
    scores = {probe.name: probe for probe in probes.judged}
    return Probes(probes.measure, names, scores, crosstalk)


# One draw


@dataclass(frozen=True)
class Known:
    """The properties that evidence is given, and ``truth`` (directions, columns), which it is not
    given: the mean effect of every direction over the whole bank.
    """

    properties: PropertySet
    truth: np.ndarray


def know(bank, probes):
    measure = attributes.joined(attributes.measure, probes.read)
    columns = attributes.columns(3) + [
        Property(name=name, unit="", up=f"more {name}", down=f"less {name}", kind="factor")
        for name in probes.names
    ]
    flat = bank.pixels.reshape(-1, *bank.pixels.shape[2:])
    values = in_batches(lambda x: measure(floats(x)), flat, 512)
    values = values.reshape(*bank.pixels.shape[:2], -1)
    labels = bank.labels[:, [NAMES.index(name) for name in probes.names]]
    real = np.concatenate([values[:, 0, : -len(probes.names)], labels], axis=1)
    _, up, down = split(values)
    properties = PropertySet(measure, columns, real.std(0), probes.scores, probes.crosstalk)
    return Known(properties, ((up - down) / 2).mean(0))


def drawn_elements(bank, rng):
    """Directions of the bank, in random order: the elements of one code."""
    pairs = rng.permutation(K // 2)[:PAIRS]
    mixed = [K + 2 * pair + side for pair in pairs for side in (0, 1)]
    alone = np.flatnonzero((bank.moved[mixed] == 0).all(0))
    again = rng.choice(alone, TWICE, replace=False)
    dead = np.flatnonzero((bank.moved == 0).all(1))
    return rng.permutation([*alone, *again, *mixed, *dead])


def decoder(bank, rows, elements, codes):
    """Codes to pictures, by looking up which image's code has which element moved which way."""
    half = len(bank.moved)

    def decode(z_BD):
        answer = []
        for z in z_BD:
            image = int(np.argmax((codes == z).sum(1)))
            moved = np.flatnonzero(codes[image] != z)
            at = 0
            if len(moved):
                (j,) = moved
                at = 1 + elements[j] + half * int(z[j] < codes[image, j])
            answer.append(bank.pixels[rows[image], at])
        return floats(np.stack(answer))

    return decode


def kind_of(direction, elements, bank):
    moved = np.count_nonzero(bank.moved[direction])
    if moved == 0:
        return "dead"
    if moved == 2:
        return f"rotated {ANGLES[(direction - K) // 2 % 2]}"
    return "duplicate" if (elements == direction).sum() > 1 else "alone"


def one_draw(number, bank, known, images):
    rng = np.random.default_rng([1, number])
    elements = drawn_elements(bank, rng)
    rows = rng.integers(0, len(bank.pixels), images)
    codes = rng.standard_normal((images, len(elements))).astype(np.float32)
    decode = decoder(bank, rows, elements, codes)
    measure = known.properties.measure
    base = difference.measure_centre(decode, measure, codes)
    sd = np.ones(len(elements), np.float32)
    moves = [element_move(codes, element, sd) for element in range(len(elements))]
    changes = difference.measure_changes(
        decode, measure, base, moves, steps=(-1.0, 1.0), motion_n=0
    )
    for element, effect in enumerate(move_effects(list(changes), known.properties, seed=number)):
        direction = elements[element]
        moved = [NAMES[k] for k in np.flatnonzero(bank.moved[direction])]
        found = [one.name for one in named_effects(effect, "factor")]
        first = found[0] if found else None
        low, high = np.array([(one.low, one.high) for one in effect.effects.values()]).T
        true = known.truth[direction]
        yield {
            "draw": number,
            "element": element,
            "kind": kind_of(direction, elements, bank),
            "moves": "+".join(moved),
            "named": "+".join(found),
            "right_first": int(first in bank.main_factors(direction)) if moved else "",
            "wrong": "+".join(name for name in found if name not in moved),
            "no_effect": int("no measurable effect" in effect.sentence),
            "covered": int(((low <= true) & (true <= high)).sum()),
            "intervals": len(true),
            "attribute": next((one.name for one in named_effects(effect, "attribute")), ""),
        }


# All of it


def summary(rows):
    """The questions, what was asked of each, what was found."""
    live = [r for r in rows if r["kind"] != "dead"]
    dead = [r for r in rows if r["kind"] == "dead"]
    yield "right factor named first, live elements", ">= 0.95", mean(live, "right_first")
    for kind in sorted({r["kind"] for r in live}):
        some = [r for r in live if r["kind"] == kind]
        yield f"right factor named first, {kind}", "", mean(some, "right_first")
    yield "no measurable effect, dead elements", ">= 0.95", mean(dead, "no_effect")
    covered = sum(r["covered"] for r in rows) / sum(r["intervals"] for r in rows)
    yield "intervals that cover the true effect", "0.92 to 0.98", covered
    wrong = sum(bool(r["wrong"]) for r in rows) / len(rows)
    yield "sentences that name a factor not moved", "<= 0.05", wrong


def mean(rows, key):
    return sum(r[key] for r in rows) / len(rows)


def write(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def run(draws, images=128, faces=600, probe="network", probe_faces=16000, epochs=12, seed=0):
    """Rows, one an element and draw; and the probes by their names. Prints its progress."""
    rng = np.random.default_rng([seed, 2])
    seen = factors(rng.uniform(-1, 1, (probe_faces, K)) / INNER)  # over the whole ranges
    pixels = noisy(pictures(seen), rng)
    if probe == "network":
        probes = network_probes(pixels, seen, probe_faces // 8, epochs, seed)
    else:
        probes = feature_probes(pixels, seen, probe_faces // 8, seed)
    print({name: round(p.score, 3) for name, p in probes.scores.items()}, flush=True)
    bank = make_bank(faces, seed)
    known = know(bank, probes)
    rows = []
    for number in range(draws):
        rows += one_draw(number, bank, known, images)
        if number % 20 == 19:
            print(number + 1, {q: round(v, 4) for q, _, v in summary(rows)}, flush=True)
    return rows, probes.scores


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--images", type=int, default=128)
    parser.add_argument("--faces", type=int, default=600, help="in the bank")
    parser.add_argument("--probe", choices=["network", "features"], default="network")
    parser.add_argument("--probe-faces", type=int, default=16000)
    parser.add_argument("--epochs", type=int, default=12, help="of the network")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".csv"))
    args = vars(parser.parse_args())
    out = args.pop("out")
    rows, probes = run(**args)
    write(out, rows)
    answers = [{"question": q, "asked": a, "found": f"{v:.4f}"} for q, a, v in summary(rows)]
    answers += [
        {
            "question": f"{probe.metric} of the probe of {name}",
            "asked": "",
            "found": f"{probe.score:.4f}",
        }
        for name, probe in probes.items()
    ]
    write(out.with_stem(out.stem + "_summary"), answers)
    for row in answers:
        print(f"{row['question']}: {row['found']} (asked: {row['asked'] or 'nothing'})")


if __name__ == "__main__":
    main()
