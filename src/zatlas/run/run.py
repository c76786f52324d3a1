"""`Run`: one trained model with its folder."""

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError, argument_error
from zatlas.files import read_text
from zatlas.images import ImageSet
from zatlas.latents import code_statistics, coding, edits, interpolation, names, samplers
from zatlas.latents.code_statistics import CodeStatistics
from zatlas.latents.edits import Space
from zatlas.latents.quantised import grid_step, project_codes
from zatlas.models.model_file import parse_model
from zatlas.models.network import Autoencoder
from zatlas.recipes.bottlenecks.gaussian import Gaussian
from zatlas.recipes.parts import Grid
from zatlas.run import history
from zatlas.run.config import ImagesRecord, RunConfig, read_config
from zatlas.run.history import HistoryRow
from zatlas.run.paths import RunPaths
from zatlas.run.split import Part, hold_out, whole_set
from zatlas.run.weights import read_network, weights_fingerprint

if TYPE_CHECKING:
    from zatlas.evidence.records import EditEffect
    from zatlas.figures.style import NotebookFigure
    from zatlas.run.directions import Direction
    from zatlas.workflows.atlas_view import Atlas
    from zatlas.workflows.edits import Plate
    from zatlas.workflows.examine import Examination

Pictures = NDArray[np.uint8]
Codes = NDArray[np.float32]
PathLike = str | os.PathLike[str]
Images = PathLike | Pictures | ImageSet


class Run:
    """One trained model with its folder.

    Codes are float32 (N, D), pictures uint8 (N, H, W, C). Functions of codes take one code (D,) or
    an array (..., D), and their result has the same leading axes. Encoding and decoding are
    deterministic. Several threads may call a run at once.

    Attributes
    ----------
    path : the folder.
    config : the arguments of the training, and the settings that it ran with.
    model : the network, in eval mode, on the CPU.
    paths : every file of the folder.

    Examples
    --------
    ::

        run = zatlas.open_run("runs/a")
        codes = run.encode(images)
        pictures = run.decode(run.edit(codes, "z[0] *= 2"))
        run.atlas(images)[3].sentence
    """

    def __init__(self, path: Path, config: RunConfig, model: Autoencoder) -> None:
        self.path, self.config, self.model = path, config, model
        self.paths = RunPaths(path)

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r}, {self.name}, {self.model.latent} latent elements)"

    def _repr_html_(self) -> str:
        from zatlas.run.summary import html_table  # for notebooks alone

        return html_table(self)

    @property
    def name(self) -> str:
        """The name of the model that was trained."""
        return self.config.model

    @cached_property
    def statistics(self) -> CodeStatistics:
        """The statistics of the codes of the training images."""
        statistics = code_statistics.load(self.paths.codes, self.model.latent)
        hint = "the same training again with resume=True measures it again"
        self.check_weights(self.paths.codes, statistics.weights, hint)
        return statistics

    @cached_property
    def fingerprint(self) -> str:
        """What tells the weights from others; records of measurements hold it."""
        return weights_fingerprint(self.model)

    def check_weights(self, file: Path, measured: str | None, hint: str) -> None:
        """Raise InputError where a file was measured on other weights than those of the run.

        Parameters
        ----------
        file : the file.
        measured : the fingerprint of its weights; None in files of zatlas 0.1.0.
        hint : the end of the message.
        """
        if measured is not None and measured != self.fingerprint:
            fault = "was measured on other weights than model.safetensors holds"
            raise InputError(f"{file}: {fault}; {hint}", arguments=("resume",))

    @cached_property
    def history(self) -> list[HistoryRow]:
        """One row for each epoch: losses, terms, speed."""
        return history.read(self.paths.history)

    @property
    def names(self) -> names.Names:
        """The user's names of elements (an index) and of directions (a vector)."""
        known = names.read_directions(self.paths.directions, self.model.latent)
        for name, (_, weights) in known.items():
            hint = f"`zatlas directions {self.path}` learns {name!r} again"
            self.check_weights(self.paths.directions, weights, hint)
        vectors = {name: vector for name, (vector, _) in known.items()}
        return {**vectors, **names.read(self.paths.names, self.model.latent)}

    def naming(self, named: Sequence[tuple[int, str]]) -> AbstractContextManager[None]:
        """Name elements in a block, and keep the names where it ends without error."""
        return names.keeping(self.paths.names, self.model.latent, named)

    @property
    def space(self) -> Space:
        """What edits of this run's codes refer to: the code's shape, statistics and names."""
        shape = self.model.architecture.code_shape
        return Space(shape, self.statistics, self.names, grid_step(self.model))

    @property
    def grid(self) -> Grid:
        """The values of each latent element, rising; None for any value, or where all take any."""
        return self.model.grid()

    def encode(self, images: Pictures | ImageSet) -> Codes:
        """Encode pictures; a Gaussian bottleneck gives the mean.

        Parameters
        ----------
        images : uint8 (N, H, W, C), or an image set.

        Returns
        -------
        codes : float32 (N, D).

        Raises InputError where the images are not uint8, or not of the model's size.
        """
        return coding.encode(self.model, coding.image_array(images))

    def posterior(self, images: Pictures | ImageSet) -> tuple[Codes, Codes | None]:
        """Codes (N, D) and, from a Gaussian bottleneck, their sd (N, D); otherwise None."""
        return coding.posterior(self.model, coding.image_array(images))

    def project(self, codes: Codes) -> Codes:
        """The nearest codes (..., D) that the bottleneck can give; a copy where it gives any.

        Of several codebooks in a row, each takes the nearest vector to what those before left.
        """
        return project_codes(self.model, codes)

    def edit(self, codes: Codes, text: str, project: bool = False) -> Codes:
        """Edit codes.

        Parameters
        ----------
        codes : one code (D,), or any number (..., D); they are not changed.
        text : the edit, such as ``"z[0] *= 2; z[2] += 5"`` or ``"z[4] += 2*sd"``.
        project : take the nearest codes that the bottleneck can give, after the whole edit.

        Returns
        -------
        codes : a new array, float32, of the same shape.

        Raises
        ------
        InputError
            The text is no edit (the message gives the column), or the codes have another shape.
        """
        edited = edits.apply(text, codes, self.space)
        return self.project(edited) if project else edited

    def decode(self, codes: Codes) -> Pictures:
        """Decode one code (D,), or any number (..., D), to pictures uint8 (..., H, W, C).

        Raises InputError where the codes have another type or shape.
        """
        return coding.decode(self.model, codes)

    def decode_preview(self, codes: Codes) -> Pictures:
        """Decode codes as fast as possible, for a slider.

        Where the hardware multiplies in bfloat16, a few pixels differ by one grey level.
        """
        return coding.decode(self._preview_model, codes)

    @cached_property
    def _preview_model(self) -> Autoencoder:
        return coding.preview_model(self.model)

    def reconstruct(self, images: Pictures | ImageSet) -> Pictures:
        """Encode and decode pictures uint8 (N, H, W, C)."""
        return self.decode(self.encode(images))

    def traverse(
        self, code: Codes, element: int, span: float = 3.0, steps: int = 9, project: bool = False
    ) -> tuple[Codes, NDArray[np.float64]]:
        """Sweep one element of codes (..., D): codes (..., T, D), offsets (T,) in sd.

        ``project``: take the nearest codes that the bottleneck can give. See
        :func:`zatlas.latents.interpolation.traversal`.
        """
        swept, offsets = interpolation.traversal(code, element, self.statistics, span, steps)
        return self.project(swept) if project else swept, offsets

    def interpolate(
        self, start: Codes, end: Codes, steps: int = 9, spherical: bool = False
    ) -> tuple[Codes, NDArray[np.float64]]:
        """Interpolate between codes (..., D): codes (..., T, D), fractions (T,) of the distance.

        See :func:`zatlas.latents.interpolation.interpolation`.
        """
        start = coding.checked_codes(start, self.model.latent, "start")
        return interpolation.interpolation(start, end, steps, spherical)

    def sample(self, count: int, seed: int = 0, sampler: str | None = None) -> Codes:
        """Draw codes at random.

        Parameters
        ----------
        count : the number of codes.
        seed : of the draw.
        sampler : ``"prior"``, that of the recipe (standard normal where it has none); or fitted to
            the run's codes: ``"normal"``, ``"mixture"``, ``"kernel"`` or ``"second-stage"``; see
            ``zatlas.latents.samplers``. The default is a recipe's prior, else normal.

        Returns
        -------
        codes : float32 (count, D), which the bottleneck can give.

        Raises
        ------
        InputError
            The count is not a whole number above 0, or there is no such sampler.
        """
        if not isinstance(count, int | np.integer) or count < 1:
            raise argument_error("count", count, "give 1 or more")
        prior = self.model.sample_prior(count, seed)
        name = sampler or ("normal" if prior is None else "prior")
        if name in samplers.SAMPLERS:
            return self.project(samplers.SAMPLERS[name](count, self.statistics, seed))
        if name != "prior":
            known = ", ".join(["prior", *samplers.SAMPLERS])
            raise argument_error("sampler", repr(sampler), f"known are {known}")
        return Gaussian().sample(count, self.model.latent, seed) if prior is None else prior

    @property
    def best_epoch(self) -> int:
        """The epoch of the run's weights, from 1; see :func:`zatlas.run.history.best_epoch`."""
        return history.best_epoch(self.history, self.model.model_file)

    @property
    def held_out_path(self) -> str:
        """The file of the held-out images; empty where they were given as an array."""
        return self.config.held_out.path or ""

    def held_out(self) -> Part:
        """The images that the run was validated on. Raises InputError where they are missing."""
        return self.held_out_set()[1]

    def held_out_set(self) -> tuple[ImageSet, Part]:
        """The image set of the held-out images, and the part of it that was held out."""
        described, valid = self.config.held_out, self.config.valid
        images = self.opened(described.path, described.fingerprint)
        if isinstance(valid, float):
            return images, hold_out(images.array, valid)[1]
        return images, whole_set(images.array)

    @property
    def image_files(self) -> list[str]:
        """The files of the images that the run was trained and validated on."""
        return [one.path for one in self._sets if one.path]

    @property
    def _sets(self) -> list[ImagesRecord]:
        sets = (self.config.images, self.config.valid)
        return [one for one in sets if isinstance(one, ImagesRecord)]

    def opened(self, path: str | None, fingerprint: str | None) -> ImageSet:
        """Open the image set of a record, which holds its path and its fingerprint.

        A path without a fingerprint is not opened, because it may lead to a private file. The run's
        own image sets are an exception: records of version 0.1.0 have no fingerprints. Raises
        InputError where the images have another fingerprint.
        """
        if not path:
            hint = "train on a file, such as a .npy"
            raise InputError(f"{self.path}: its images were given as an array; {hint}")
        own = {one.path: one.fingerprint for one in reversed(self._sets)}
        known = fingerprint or own.get(path)
        if not known:
            fault = "the record has no fingerprint of these images; give the same command again"
            raise InputError(f"{path}: is not opened, because {fault}")
        images = self.fitting(path)
        if images.fingerprint() != known:
            hint = "restore the file, or train or measure again"
            fault = f"has changed since {self.path} was trained, or measured; {hint}"
            raise InputError(f"{path}: {fault}")
        return images

    def fitting(self, images: Images) -> ImageSet:
        """Open images of the model's size. Raises InputError where they have another one."""
        return coding.open_fitting(images, self.model.architecture.image)

    # The methods below are short forms of workflows, which import this module.

    def atlas(self, images: Images | None = None, **options: Any) -> "Atlas":
        """Measure every latent element: see ``zatlas.workflows.atlas_view.measured_atlas``."""
        from zatlas.workflows.atlas_view import measured_atlas

        return measured_atlas(self, images, **options)

    def open_atlas(self) -> "Atlas":
        """Open the atlas that was measured before. Raises InputError where there is none."""
        from zatlas.workflows.atlas_view import open_atlas

        return open_atlas(self)

    def edits(self, texts: Sequence[str], images: Images, **options: Any) -> "list[EditEffect]":
        """Measure what edits do over many images: ``zatlas.workflows.edits.measure_edits``."""
        from zatlas.workflows.edits import measure_edits

        return measure_edits(self, texts, images, **options)

    def plate(
        self, texts: Sequence[str], images: Images, index: Sequence[int] = (0,), **options: Any
    ) -> "Plate":  # fmt: skip
        """Draw edits of some images: ``zatlas.workflows.edits.draw_plate``."""
        from zatlas.workflows.edits import draw_plate

        return draw_plate(self, texts, self.fitting(images), index, **options)

    def traversals(
        self, elements: Sequence[int] | Literal["all"], images: Images,
        index: int | Sequence[int] = 0, **options: Any,
    ) -> "NotebookFigure":  # fmt: skip
        """Draw sweeps of elements: ``zatlas.workflows.strips.draw_traversals``."""
        from zatlas.workflows.strips import draw_traversals

        return draw_traversals(self, self.fitting(images), index, elements, **options).figure()

    def directions(self, images: Images | None = None, **options: Any) -> "list[Direction]":
        """Learn directions, or open those that the run has: ``zatlas.workflows.directions``."""
        from zatlas.workflows.directions import directions

        return directions(self, images, **options)

    def direction(self, name: str) -> "Direction":
        """The direction of that name. Raises InputError where there is none."""
        from zatlas.run.directions import kept_direction

        return kept_direction(self, name)

    def examine(self, edits: Sequence[str] = (), *, out: PathLike, **options: Any) -> "Examination":
        """Answer claims with evidence: ``zatlas.workflows.examine.examine_run``."""
        from zatlas.workflows.examine import examine_run

        return examine_run(self, edits, out=out, **options)

    def report(
        self, out: PathLike, *, note: PathLike | None = None, overwrite: bool = False
    ) -> list[Path]:
        """Write the report of this run: ``zatlas.workflows.report.report``."""
        from zatlas.workflows.report import report

        return report([self], out, note=note, overwrite=overwrite)


def open_run(path: PathLike) -> Run:
    """Open ``path``, the folder of a trained model.

    Raises
    ------
    InputError
        A file is missing or damaged. The message says how to get it again.
    """
    paths = RunPaths(Path(path))
    config = read_config(paths.folder)
    for file in (paths.model, paths.weights):
        if not file.is_file():
            hint = f"finish the run: the same training again with resume=True{paths.so_far()}"
            raise InputError(f"{file}: missing; {hint}", arguments=("resume", "epochs"))
    model_file = parse_model(read_text(paths.model), str(paths.model))
    return Run(paths.folder, config, read_network(paths.weights, model_file))
