"""The public Run: the folder of one trained model, opened; and training that makes one."""

import filecmp
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from zatlas.errors import InputError
from zatlas.files import check_output, read_json, read_text, whole, write_json
from zatlas.images import ImageSet
from zatlas.latents import coding, edits, names, paths, statistics
from zatlas.latents.edits import Size, Space
from zatlas.latents.statistics import CodeStatistics
from zatlas.models.modelfile import ModelFile, adapt, parse_model, read_model
from zatlas.models.network import Autoencoder, build
from zatlas.models.precision import pick
from zatlas.models.scaling import scaled
from zatlas.training import history
from zatlas.training.folder import (
    check_place,
    computing_as,
    configuration,
    make_folder,
    own_files,
    read_config,
)
from zatlas.training.loop import Trained, fit
from zatlas.training.plan import check_batches, plan
from zatlas.training.processes import processes
from zatlas.training.split import Part, hold_out, whole_set

OF_THE_WEIGHTS = ("atlas.json", "atlas.npz", "edits.json")
MEASURED = 2048  # held-out images at most that the reconstruction is measured on
EVIDENCE = {  # the keys of each record in evidence/, and how to mend it
    "reconstruction": (
        {"n", "metrics", "best", "median", "worst"},
        "the same `zatlas train` command with --resume measures it again",
    ),
    "edits": ({"images", "index", "command", "edits"}, "remove it; `zatlas edit` begins it anew"),
    "atlas": (
        {"schema", "images", "rows", "n", "properties", "usage", "elements"},
        "`zatlas atlas` measures it again",
    ),
}
Pictures = NDArray[np.uint8]
Codes = NDArray[np.float32]


class Run:
    """One trained model with its folder.

    Codes are float32 (N, D), pictures uint8 (N, H, W, C). Encoding and decoding are deterministic.
    """

    def __init__(self, path: Path, config: dict[str, Any], model: Autoencoder) -> None:
        self.path, self.config, self.model = path, config, model

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r}, {self.name}, {self.model.latent} latent elements)"

    @property
    def name(self) -> str:
        """The name of the model that was trained."""
        return str(self.config["model"])

    @cached_property
    def statistics(self) -> CodeStatistics:
        """The statistics of the codes of the images it was trained on."""
        return statistics.load(self.path / "codes.npz", self.model.latent)

    @cached_property
    def history(self) -> list[history.Row]:
        """A row an epoch: losses, terms, speed."""
        return history.read(self.path / "history.csv")

    @property
    def names(self) -> names.Names:
        """The user's names of elements (an index) and of directions (a vector)."""
        return names.read(self.path / "names.yaml", self.model.latent)

    def keep_name(self, element: int, name: str) -> None:
        """Give an element a name of the user's own, as ``naming`` does."""
        with self.naming([(element, name)]):
            pass

    def naming(self, named: Sequence[tuple[int, str]]) -> AbstractContextManager[None]:
        """Give elements names, all of them or none, for good where the block ends without error.

        Raises InputError for an element beyond the code, and for a name that another one has.
        """
        return names.keeping(self.path / "names.yaml", self.model.latent, named)

    @property
    def space(self) -> Space:
        """What edits of this run's codes are read against."""
        return Space(self.model.architecture.code_shape, self.statistics, self.names)

    def encode(self, images: Pictures | ImageSet) -> Codes:
        """Pictures to codes; of a Gaussian bottleneck the mean. InputError for another size."""
        return coding.encode(self.model, _array(images))

    def posterior(self, images: Pictures | ImageSet) -> tuple[Codes, Codes | None]:
        """Codes and, of a Gaussian bottleneck, their sd, else None."""
        return coding.posterior(self.model, _array(images))

    def edit(self, codes: Codes, text: str) -> Codes:
        """The edited codes, a new array; InputError points at the column of a fault."""
        return edits.apply(text, codes, self.space)

    def edit_size(self, codes: Codes, edited: Codes) -> Size:
        """How far the edit moved the codes, in sd and percentiles of the run's images."""
        return edits.size(codes, edited, self.space)

    def decode(self, codes: Codes) -> Pictures:
        """Codes to pictures."""
        return coding.decode(self.model, codes)

    def glimpse(self, codes: Codes) -> Pictures:
        """Codes to pictures as fast as can be, for a slider that is being moved.

        Computed in bfloat16 where the hardware has it: a few pixels are a grey level off.
        """
        return coding.decode(self._quick, codes)

    @cached_property
    def _quick(self) -> Autoencoder:
        return coding.quick(self.model)

    def reconstruct(self, images: Pictures | ImageSet) -> Pictures:
        """Pictures, encoded and decoded."""
        return self.decode(self.encode(images))

    def traverse(
        self, code: Codes, element: int, span: float = 3.0, steps: int = 9
    ) -> tuple[Codes, NDArray[np.float64]]:
        """One element swept through the image's own code: codes (T, D), offsets (T,) in sd."""
        return paths.traversal(code, element, self.statistics, span, steps)

    def interpolate(
        self, start: Codes, end: Codes, steps: int = 9, spherical: bool = False
    ) -> tuple[Codes, NDArray[np.float64]]:
        """From one code to another: codes (T, D) and shares of the way (T,)."""
        return paths.interpolation(start, end, steps, spherical)

    def sample(self, count: int, seed: int = 0, sampler: str | None = None) -> Codes:
        """Codes drawn at random, (count, D).

        ``prior``: the standard normal, the default of a Gaussian bottleneck. ``normal``: a normal
        with the mean and covariance of the run's codes, the default of the others.
        """
        drawn = {
            "prior": lambda: paths.prior(count, self.model.latent, seed),
            "normal": lambda: paths.around_codes(count, self.statistics, seed),
        }
        gaussian = self.model.architecture.bottleneck == "gaussian"
        chosen = sampler or ("prior" if gaussian else "normal")
        if chosen not in drawn:
            raise InputError(f"--sampler {chosen!r}: known are {', '.join(drawn)}")
        return drawn[chosen]()

    @property
    def best_epoch(self) -> int:
        """The epoch (from 1) whose weights the run holds: the least held-out loss when warm."""
        warm = self.history[self.model.model_file.objective.kl_warmup_epochs :]
        if not warm:  # it ended within the warm-up, where losses cannot be compared: the last one
            return len(self.history)
        return int(min(warm, key=lambda row: row["valid_loss"])["epoch"])

    @property
    def _held_out_set(self) -> Mapping[str, Any]:
        """The image set, as the configuration describes it, that holds the held-out images."""
        return self._sets[-1]

    @property
    def held_out_path(self) -> str:
        """The file of the held-out images, empty where they were given as an array."""
        return str(self._held_out_set["path"] or "")

    @property
    def held_out_fingerprint(self) -> str:
        """The fingerprint of the image set in that file."""
        return str(self._held_out_set["fingerprint"])

    def held_out(self) -> Part:
        """The images that the run was validated on; InputError where they are not to be found."""
        valid, images = self.config["valid"], self.opened(self._held_out_set)
        if not isinstance(valid, float):
            return whole_set(images.array)
        return hold_out(images.array, valid)[1]

    def opened(self, described: Mapping[str, Any]) -> ImageSet:
        """The image set that the configuration describes; InputError where it has changed."""
        if described["path"] is None:
            raise InputError(
                f"{self.path}: its images were given as an array; train on a file, such as a .npy"
            )
        images = coding.open_fitting(described["path"], self.model.architecture.image)
        if images.fingerprint() != described["fingerprint"]:
            raise InputError(
                f"{described['path']}: has changed since {self.path} was trained, or measured; "
                "put the file back, or do that again"
            )
        return images

    @property
    def image_files(self) -> list[str]:
        """The files of the images that it was trained and validated on."""
        return [str(described["path"]) for described in self._sets if described["path"]]

    @property
    def _sets(self) -> list[Mapping[str, Any]]:
        """The image sets as the configuration describes them."""
        return [s for s in (self.config["images"], self.config["valid"]) if isinstance(s, Mapping)]

    def recorded(self, record: Mapping[str, Any]) -> ImageSet:
        """The image set that a record in ``evidence/`` names by ``images`` and ``fingerprint``.

        A path alone is not opened: somebody else's run folder may name a private file. Raises
        InputError for another fingerprint. A record without one may name the run's own image sets.
        """
        path = record["images"]
        own = [one for one in self._sets if one["path"] == path]
        fingerprints = [
            one["fingerprint"] for one in ([record] if "fingerprint" in record else own)
        ]
        if not fingerprints:
            raise InputError(
                f"{path}: is recorded without a fingerprint, so it is not opened; give the same "
                "command again"
            )
        return self.opened({"path": path, "fingerprint": fingerprints[0]})

    def evidence(self, name: str) -> Any:
        """A record of ``evidence/`` by name; InputError where it is missing or damaged."""
        file = self.path / "evidence" / f"{name}.json"
        keys, mend = EVIDENCE[name]
        record = read_json(file, f"missing; {mend}", mend)
        entries = record if name == "edits" else [record]
        if not isinstance(entries, list) or not all(
            isinstance(entry, dict) and keys <= entry.keys() for entry in entries
        ):
            raise InputError(f"{file}: is not what zatlas writes there; {mend}")
        return record

    def edits_tried(self) -> list[dict[str, Any]]:
        """The records of all edits that ``zatlas edit`` has tried on this run."""
        kept = (self.path / "evidence" / "edits.json").exists()
        return list(self.evidence("edits")) if kept else []

    def keep_edits(self, record: dict[str, Any]) -> None:
        """Remember edits that were tried, for the report; the same ones of the same images once."""

        def of(one: dict[str, Any]) -> tuple[Any, ...]:
            return one["images"], one["index"], [edit["edit"] for edit in one["edits"]]

        kept = [old for old in self.edits_tried() if of(old) != of(record)]
        self.keep_evidence("edits", [*kept, record])

    def keep_evidence(self, name: str, record: Any) -> None:
        """Write a record into ``evidence/``."""
        write_json(self.path / "evidence" / f"{name}.json", record)


def open_run(path: str | os.PathLike[str]) -> Run:
    """Open the folder of a trained model. InputError says what is missing, and the mend."""
    folder = Path(path)
    config = read_config(folder)
    for file in ("model.yaml", "model.safetensors"):
        if not (folder / file).is_file():
            raise InputError(
                f"{folder / file}: missing; finish the run with the same `zatlas train` command "
                "and --resume"
            )
    model_file = parse_model(read_text(folder / "model.yaml"), str(folder / "model.yaml"))
    with torch.device("meta"):
        model = Autoencoder(model_file, model_file.architecture())
    try:
        weights = load_file(folder / "model.safetensors")
        dtypes = {name: tensor.dtype for name, tensor in model.state_dict().items()}
        model.load_state_dict(weights, assign=True)
        if any(tensor.dtype != dtypes[name] for name, tensor in weights.items()):
            raise RuntimeError("not float32")
    except (SafetensorError, RuntimeError, OSError) as error:
        reason = str(error).strip().splitlines()[-1].strip()
        raise InputError(
            f"{folder / 'model.safetensors'}: holds no weights of this model ({reason}); train "
            "again, or copy the file anew"
        ) from None
    model.to(memory_format=model.memory_format)  # type: ignore[call-overload]  # torch's stub
    return Run(folder, config, model.eval().requires_grad_(False))


def train(
    model: str | os.PathLike[str] | ModelFile,
    images: str | os.PathLike[str] | Pictures | ImageSet,
    *,
    out: str | os.PathLike[str],
    valid: str | os.PathLike[str] | float | ImageSet = 0.1,
    recipe: str | None = None,
    scale: float = 1.0,
    changes: Mapping[str, Any] | None = None,
    resume: bool = False,
    overwrite: bool = False,
    watcher: history.Watcher | None = None,
    **settings: Any,
) -> Run:
    """Train a model into the folder ``out``, measure it, and open the run.

    ``images`` is an image set or anything ``open_images`` opens; ``valid`` the held-out images, or
    the share of ``images`` to hold out (the same whatever the seed). ``recipe`` gives the model
    another bottleneck and objective, ``scale`` other widths, ``changes`` other values of single
    keys of its file, as ``{"objective.kl_weight": 4}``. ``settings`` are those of ``Plan``: epochs,
    batch_size, lr, seed, precision, patience. Raises InputError before anything is
    written where one does not fit, and where ``out`` exists without ``resume`` or ``overwrite``.
    """
    asked, folder, group = plan(**settings), Path(out), processes()
    watcher = watcher or history.Watcher()
    group.first(lambda: check_place(folder, resume, overwrite))
    given = [one.path if isinstance(one, ImageSet) else one for one in (images, valid)]
    for file in own_files(folder):  # a run goes on with its own model file: it is not changed
        check_output(file, [*given, *([] if resume else [model])], overwrite=True)
    model_file = model if isinstance(model, ModelFile) else read_model(model)
    model_file = adapt(model_file, recipe, changes) if recipe or changes else model_file
    model_file = scaled(model_file, scale) if scale != 1 else model_file
    architecture = model_file.architecture()
    check_batches(asked, architecture)
    image_set = coding.open_fitting(images, architecture.image)
    held_out = (
        float(valid) if isinstance(valid, (int, float))
        else coding.open_fitting(valid, architecture.image)
    )  # fmt: skip
    train_part, valid_part = parts(image_set, held_out)
    picked = pick(asked.precision, group.device, asked.epochs * len(train_part) // asked.batch_size)
    config = configuration(model, image_set, held_out, asked, picked)
    network = build(model_file, seed=asked.seed)
    kept = group.first(lambda: make_folder(folder, config, model_file, resume))
    for remark in [*image_set.remarks, *group.remarks(network)]:
        watcher.note(remark)
    with computing_as(kept) as precision:
        watcher.note(f"computing in {precision}, {torch.get_num_threads()} threads")
        trained = fit(network, train_part, valid_part, asked, folder, group, watcher, precision)
    group.first(lambda: _finish(folder, network, trained, train_part, valid_part))
    return open_run(folder)


def file_or_share(valid: str) -> str | float:
    """``--valid`` as typed: a share where it is a number, else the name of a file."""
    try:
        return float(valid)
    except ValueError:
        return valid


def parts(images: ImageSet, held_out: float | ImageSet) -> tuple[Part, Part]:
    """What is trained on, two images at least, and what is held out."""
    if isinstance(held_out, float):
        train_part, valid_part = hold_out(images.array, held_out)
    else:
        train_part, valid_part = whole_set(images.array), whole_set(held_out.array)
    if len(train_part) < 2:
        raise InputError(f"{images.path or 'images'}: 1 image to train on; give 2 or more")
    return train_part, valid_part


def _finish(
    folder: Path, network: Autoencoder, trained: Trained, train_part: Part, valid_part: Part
) -> None:
    """Write the best weights, then what is measured on them."""
    from zatlas.evidence.reconstruction import reconstruction  # a second's import, used here alone

    network.load_state_dict(trained.weights)  # where they do not fit, no file is touched
    weights = folder / "model.safetensors"
    with whole(weights) as part:
        save_file(trained.weights, part)
        if weights.exists() and not filecmp.cmp(weights, part, shallow=False):
            for name in OF_THE_WEIGHTS:  # measured on weights that are about to go
                (folder / "evidence" / name).unlink(missing_ok=True)
    model = network.to("cpu").eval()
    codes = np.concatenate([coding.encode(model, x) for x in _chunks(train_part)])
    statistics.gather(codes).save(folder / "codes.npz")
    images = valid_part.pictures(MEASURED)
    record = reconstruction(images, coding.decode(model, coding.encode(model, images)))
    write_json(folder / "evidence" / "reconstruction.json", record)


def _chunks(part: Part, length: int = 4096) -> Iterator[Pictures]:
    return (part.images[part.rows[start : start + length]] for start in range(0, len(part), length))


def _array(images: Pictures | ImageSet) -> Pictures:
    return images.array if isinstance(images, ImageSet) else images
