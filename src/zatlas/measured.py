"""What is measured of a run: its atlas, and edits as typed, asked of ``evidence/``."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from zatlas.errors import InputError
from zatlas.evidence.atlas import Maps, Subject, edit_records, element_atlas
from zatlas.evidence.disentanglement import disentanglement
from zatlas.evidence.factors import Factor, tell_apart
from zatlas.evidence.measure import Array, plain
from zatlas.evidence.ruler import Labelled, pixel_ruler, with_factors
from zatlas.evidence.scores import needs_sklearn
from zatlas.evidence.sentences import sentence
from zatlas.evidence.stability import stability
from zatlas.evidence.usage import gaussian_kl
from zatlas.files import whole
from zatlas.images import ImageSet
from zatlas.images.labels import read_table, typed
from zatlas.latents import coding
from zatlas.models.precision import pick
from zatlas.run import Run, open_run
from zatlas.training.split import Part, whole_set

SCHEMA = 1  # of evidence/atlas.json
COUNT = 512
INFORMATIVE = 0.01  # nats: a Gaussian element that carries less tells of no other run
_MOST_JUDGED = 5000  # labelled images that codes are taken of
_ENOUGH = 100  # held-out images of the run, to judge probes on; of fewer,
_JUDGED = 0.3  # of all labelled images are drawn

PathLike = str | os.PathLike[str]


def measure_atlas(
    run: Run,
    *,
    images: PathLike | ImageSet | None = None,
    count: int = COUNT,
    seed: int = 0,
    factors: PathLike | None = None,
    others: Sequence[PathLike | Run] = (),
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Measure what every latent element does, keep it in the run's ``evidence/``, return it.

    ``images`` are those it is measured on, ``count`` of them drawn by ``seed``; by default the
    run's held-out ones. ``factors`` is a CSV with a row for each image of the run's image set (or
    of its held-out one). ``others`` are runs of the same model from other seeds. ``workers``
    threads share the elements and change no number. Raises InputError where images, table or runs
    do not fit.
    """
    part, file, fingerprint = _part(run, images)
    labelled = None if factors is None else _labelled(run, Path(factors), seed)
    beside = [other if isinstance(other, Run) else open_run(other) for other in others]
    rows = drawn(part, count, seed)
    if len(rows) < 2:
        raise InputError(f"{file}: {len(rows)} image to measure on; give 2 or more as --images")
    pictures = part.images[rows]
    with one_core_each():
        subject = subject_of(run, pictures)
        ruler, labels = pixel_ruler(pictures), None
        if labelled is not None:
            ruler, probes = with_factors(ruler, labelled, seed)
            held_out = np.flatnonzero(labelled.held_out)
            judged = np.sort(np.random.default_rng(seed).permutation(held_out)[:_MOST_JUDGED])
            codes = run.encode(labelled.images[judged])
            known = [factor.rows(judged) for factor in labelled.factors]
            drawn_again = probes.judge(run.decode(codes), known, seed)
            labels = {
                "file": str(factors),
                "judged": [plain(probe) for probe in probes.judged],
                "in_reconstructions": {probe.name: plain(probe) for probe in drawn_again},
                "untrained": probes.untrained,
                "disentanglement": _scores(codes, known, seed),
            }
        apart = _apart(run, subject, beside, pictures, seed) if beside else None
        record, maps = element_atlas(
            subject, ruler, names=named_elements(run), seed=seed,
            matches=apart["best"] if apart else None,
            workers=workers or min(8, os.cpu_count() or 1), progress=progress,
        )  # fmt: skip
    record = {
        "schema": SCHEMA, "run": run.name, "images": file, "fingerprint": fingerprint, "seed": seed,
        "rows": rows.tolist(), **record, "factors": labels, "stability": apart,
    }  # fmt: skip
    run.keep_evidence("atlas", record)
    keep_maps(run, maps)
    return record


def measure_edits(
    run: Run,
    texts: Sequence[str],
    images: NDArray[np.uint8] | ImageSet,
    *,
    count: int = COUNT,
    seed: int = 0,
    factors: PathLike | None = None,
) -> list[dict[str, Any]]:
    """What edits, as typed, do: a record each, with its sentence.

    Measured on ``count`` of the images, drawn by ``seed``, beside a random direction of the same
    length in sd. ``factors`` are those of :func:`measure_atlas`. Raises InputError for a fault in
    an edit.
    """
    array = images.array if isinstance(images, ImageSet) else images
    chosen = array[drawn(whole_set(array), count, seed)]
    with one_core_each(torch.get_num_threads()):
        subject, ruler = subject_of(run, chosen), pixel_ruler(chosen)
        if factors is not None:
            ruler, _ = with_factors(ruler, _labelled(run, Path(factors), seed), seed)
        edited = {text: run.edit(subject.codes, text) for text in texts}  # a text counts once
        found = dict(zip(edited, edit_records(subject, ruler, edited, seed=seed), strict=True))
    return [found[text] for text in texts]


def _scores(codes: Array, factors: Sequence[Factor], seed: int) -> dict[str, Any] | None:
    """Scores of the codes against factors; None where too few of the images are labelled."""
    try:
        return dict(plain(disentanglement(codes, factors, seed)))
    except InputError:
        return None


def keep_maps(run: Run, maps: Maps) -> None:
    """Keep where pictures change beside the atlas, for its figures: ``evidence/atlas.npz``."""
    with whole(run.path / "evidence" / "atlas.npz") as part:
        np.savez_compressed(part, **{k: v.astype(np.float16) for k, v in vars(maps).items()})


def kept_maps(run: Run) -> Maps:
    """The maps of the run's atlas; InputError where they are missing or damaged."""
    file = run.path / "evidence" / "atlas.npz"
    try:
        with np.load(file, allow_pickle=False) as arrays:
            maps = Maps(*(arrays[key].astype(np.float32) for key in ("absolute", "signed")))
        if maps.absolute.ndim != 3 or len(maps.absolute) != run.model.latent:
            raise ValueError(f"maps of shape {maps.absolute.shape}")
    except Exception as error:  # damaged archives raise nearly every kind
        raise InputError(
            f"{file}: holds no maps of this run ({error}); measure them with `zatlas atlas "
            f"{run.path}`"
        ) from None
    return maps


def drawn(part: Part, count: int, seed: int) -> NDArray[np.int64]:
    """The rows of ``count`` of a part's images, or of all, in an order drawn by the seed."""
    order = np.random.default_rng(seed).permutation(len(part))[:count]
    return np.asarray(part.rows[order])


def kept_atlas(run: Run) -> dict[str, Any]:
    """The atlas that is kept in the run's ``evidence/``, with the names its elements have now."""
    record, names = run.evidence("atlas"), named_elements(run)
    elements = [{**e, "name": names.get(e["element"])} for e in record["elements"]]
    return {**record, "elements": [{**e, "sentence": sentence(e)} for e in elements]}


def named_elements(run: Run) -> dict[int, str]:
    """The user's names of single elements, by index."""
    return {v % run.model.latent: k for k, v in run.names.items() if isinstance(v, int)}


def subject_of(run: Run, images: NDArray[np.uint8]) -> Subject:
    """The run as evidence sees it: callables over floats, and the codes of these images."""
    model = run.model
    low, high = model.pixel_range
    scale = 2 / (high - low)

    def decode(codes: Array) -> Array:
        return coding.decode_floats(model, codes)

    @torch.inference_mode()
    def encode(pictures: Array) -> Array:
        x = torch.from_numpy(pictures).permute(0, 3, 1, 2)
        x = x if (low, high) == (-1.0, 1.0) else (x + 1) / scale + low
        return model.encode(x).numpy()

    def jvp(codes: Array, direction: Array) -> Array:
        z, v = torch.from_numpy(codes), torch.from_numpy(direction)
        slope: Tensor = torch.func.jvp(model.decode, (z,), (v,))[1]
        return np.asarray((slope * scale).permute(0, 2, 3, 1).numpy())

    codes, sds = run.posterior(images)
    first = model.decoder[0] if len(model.decoder) else None
    linear = isinstance(first, nn.Linear) and first.in_features == model.latent
    weight = first.weight.numpy() if isinstance(first, nn.Linear) and linear else None
    return Subject(encode, decode, run.statistics, codes, sds, weight, jvp)


@contextmanager
def one_core_each(cores: int = 1) -> Iterator[None]:
    """``cores`` of torch for each thread of Python, exact products; as before behind it.

    The matmul setting belongs to the whole process: set once here, threads cannot change it under
    one another.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(cores)
    try:
        with pick("fp32", torch.device("cpu")).setting():
            yield
    finally:
        torch.set_num_threads(before)


def _part(run: Run, images: PathLike | ImageSet | None) -> tuple[Part, str, str]:
    """The images to measure on, the name of their file, and the fingerprint of the set in it."""
    if images is None:
        return run.held_out(), run.held_out_path, run.held_out_fingerprint
    opened = coding.open_fitting(images, run.model.architecture.image)
    return whole_set(opened.array), str(opened.path or ""), opened.fingerprint()


def read_factors(table: PathLike, counts: Sequence[int]) -> tuple[int, tuple[Factor, ...]]:
    """The factors in a CSV, and which of several image sets, of these ``counts``, it belongs to.

    Raises InputError where it has a row for each image of none of them, or no column is a factor;
    and where scikit-learn, which probes need, is missing.
    """
    needs_sklearn()
    path, faults = Path(table), []
    if not path.is_file():
        raise InputError(f"--factors {path}: no such file; give a CSV with a row for each image")
    for place, count in enumerate(counts):
        try:
            columns = read_table(path, count)
        except InputError as fault:
            faults.append(str(fault))
            continue
        factors, left_out = tell_apart({name: typed(column) for name, column in columns.items()})
        if not factors:
            reasons = "; ".join(f"{name}: {why}" for name, why in left_out.items())
            raise InputError(f"--factors {path}: no column is a factor ({reasons})")
        return place, factors
    raise InputError(f"--factors {faults[0]}")


def _labelled(run: Run, table: Path, seed: int) -> Labelled:
    """The labelled images of a run: those of its image set, or its held-out ones."""
    described, valid = run.config["images"], run.config["valid"]
    sets = [described, *([valid] if isinstance(valid, Mapping) else [])]
    place, factors = read_factors(table, [one["count"] for one in sets])
    images = run.opened(sets[place]).array
    held_out = np.zeros(len(images), bool)
    own = run.held_out().rows if isinstance(valid, float) else np.empty(0, np.int64)
    if len(own) >= _ENOUGH:
        held_out[own] = True
    else:
        rng = np.random.default_rng(seed)
        held_out[rng.permutation(len(images))[: round(_JUDGED * len(images))]] = True
    return Labelled(images, factors, held_out)


def _apart(
    run: Run, subject: Subject, others: Sequence[Run], images: NDArray[np.uint8], seed: int
) -> dict[str, Any]:
    """The same images through other runs: how well each element is found in them."""
    through = [(subject.codes, subject.sds)]
    for other in others:
        if other.path.resolve() == run.path.resolve():
            raise InputError(f"--runs {other.path}: is the run itself; give one of another seed")
        if other.model.architecture.image != run.model.architecture.image:
            raise InputError(f"--runs {other.path}: takes pictures of another size than {run.path}")
        through.append(other.posterior(images))
    informative = [
        (z.max(0) != z.min(0)) & (True if sd is None else gaussian_kl(z, sd) >= INFORMATIVE)
        for z, sd in through
    ]
    found = stability([z for z, _ in through], informative=informative, seed=seed)
    return {"runs": [str(other.path) for other in others], **plain(found)}
