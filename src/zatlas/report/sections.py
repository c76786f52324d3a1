"""The sections of a report: each function takes results and returns one section.

The record of a section holds every number of its text.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from zatlas.evidence.reconstruction import Reconstruction
from zatlas.evidence.records import ClaimAnswer, PlateRecord
from zatlas.figures.curves import loss_curves
from zatlas.figures.diagram import diagram
from zatlas.figures.family import family_diagram
from zatlas.models.architecture import Architecture, spell
from zatlas.recipes.description import Description
from zatlas.recipes.part_text import write_part
from zatlas.report.data import Drawing, Fact, GivenPicture, Section
from zatlas.report.notes import NoteRecord
from zatlas.report.number_text import METRICS, duration
from zatlas.run.history import HistoryRow
from zatlas.schema import Record
from zatlas.syntax import format_call

Pictures = NDArray[np.uint8]
Settings = Mapping[str, str | bool | int | float | None]

_IMAGES_OF_A_RANK = 4


class ImageSetRecord(Record):
    """An image set: its name, its number of images, (height, width, channels), where it is from."""

    name: str
    count: int
    size: tuple[int, int, int]
    source: str


class DataRecord(Record):
    """The image sets of a run; ``examples`` are rows of the held-out one."""

    images: ImageSetRecord
    held_out: ImageSetRecord
    examples: tuple[int, ...]
    note: str


def data(
    images: ImageSetRecord, held_out: ImageSetRecord, *, examples: Pictures,
    indexes: Sequence[int], note: str = "",
) -> Section:  # fmt: skip
    """The image sets of a run.

    Parameters
    ----------
    images, held_out : what the run was trained on, and what was held out.
    examples : held-out images, uint8 (N, H, W, C).
    indexes : the rows of the N examples in their file.
    note : a sentence, such as how the examples were chosen, or their licence.
    """
    return Section(
        "data", "Data",
        DataRecord(images=images, held_out=held_out, examples=tuple(indexes), note=note),
        {f"example-{index}": image for index, image in zip(indexes, examples, strict=True)},
        [Fact(label="training images", value=images.count),
         Fact(label="held-out images", value=held_out.count)],
    )  # fmt: skip


class LayerRecord(Record):
    """A row of the layer table; ``index`` is None for a reshape that the model file implies."""

    part: str
    index: int | None
    layer: str
    output: str
    parameters: int


class ArchitectureRecord(Record):
    """The network, without its weights, and its family."""

    title: str
    image: str
    code_shape: str
    bottleneck: str
    latent: int
    parameters: int
    encoders: int
    layers: tuple[LayerRecord, ...]
    model_file: str
    command: str
    family: Description | None = None

    @property
    def family_drawn(self) -> bool:
        """Whether the family is drawn: a plain autoencoder is what the network's diagram shows."""
        return self.family is not None and self.family.recipe not in ("", "ae")


def architecture(
    network: Architecture, title: str, *, model_file: str = "", command: str = "",
    family: Description | None = None,
) -> Section:  # fmt: skip
    """The network: its diagram, its layer table, and ``model_file``, the text of its YAML.

    ``family`` is drawn too where it has the parts of a recipe.
    """
    record = ArchitectureRecord(
        title=title, image=spell(network.image), code_shape=spell(network.code_shape),
        bottleneck=write_part(network.bottleneck), latent=network.latent,
        parameters=network.parameters,
        encoders=len(network.encoders), model_file=model_file, command=command, family=family,
        layers=tuple(
            LayerRecord(part=row.part, index=row.index, layer=format_call(row.call),
                        output=spell(row.shape), parameters=row.parameters)
            for row in network.rows
        ),
    )  # fmt: skip
    facts = [Fact(label="parameters", value=record.parameters),
             Fact(label="latent elements", value=record.latent)]  # fmt: skip
    drawings: dict[str, Drawing] = {"diagram": diagram(network, title)}
    if family and record.family_drawn:
        drawings["family"] = family_diagram(family, family.recipe_words if family.changes else "")
    return Section("architecture", "Architecture", record, drawings, facts)


class TrainingRecord(Record):
    """A training; ``warmup`` is the number of first epochs that cannot be the best one.

    ``pixels`` is the range of a pixel in the loss.
    """

    epochs: int
    best: HistoryRow
    objective: str
    warmup: int
    pixels: tuple[float, float]
    duration: str
    images_per_second: float
    settings: dict[str, str | bool | int | float | None]
    machine: dict[str, str | bool | int | float | None]
    versions: dict[str, str | bool | int | float | None]
    command: str
    history: tuple[HistoryRow, ...]


def training(
    rows: Sequence[HistoryRow], best_epoch: int, settings: Settings, *, machine: Settings,
    versions: Settings, objective: str, warmup: int = 0,
    pixels: tuple[float, float] = (-1.0, 1.0), command: str = "",
) -> Section:  # fmt: skip
    """The training.

    Parameters
    ----------
    rows : the history, one row or more.
    best_epoch : the epoch of the run's weights.
    settings, machine, versions : names and values.
    objective : the objective as the model file writes it.
    warmup : the number of first epochs that cannot be the best one.
    pixels : the range of a pixel in the loss.
    command : the command that trained the run.
    """
    record = TrainingRecord(
        epochs=len(rows), best=next(row for row in rows if row.epoch == best_epoch),
        objective=objective, warmup=warmup, pixels=pixels,
        duration=duration(sum(row.seconds for row in rows)),
        images_per_second=float(np.median([row.images_per_second for row in rows])),
        settings=dict(settings),
        machine=dict(machine), versions=dict(versions), command=command,
        history=tuple(rows),
    )  # fmt: skip
    facts = [Fact(label="best epoch", value=best_epoch, of=len(rows)),
             Fact(label="training time", value=record.duration)]  # fmt: skip
    return Section("training", "Training", record, {"curves": loss_curves(rows, best_epoch)}, facts)


class RankedImage(Record):
    """An image by its place among those measured, its row in its file, and its metrics."""

    index: int
    row: int
    metrics: dict[str, float | None]


class ReconstructionSectionRecord(Record):
    """How well held-out images of the file ``of`` are reconstructed, with sentences on it."""

    measured: Reconstruction
    of: str
    ranks: dict[str, tuple[RankedImage, ...]]
    command: str
    remarks: tuple[str, ...] = ()


def reconstruction(
    measured: Reconstruction, images: Pictures, reconstructions: Pictures, *, of: str,
    rows: NDArray[np.int64], command: str = "", remarks: Sequence[str] = (),
) -> Section:  # fmt: skip
    """How well held-out images are reconstructed.

    Parameters
    ----------
    measured : the metrics of N images.
    images, reconstructions : the images and their reconstructions, uint8 (N, H, W, C).
    of : the name of their file.
    rows : the places of the N images in it.
    command : the command that draws this section again.
    remarks : sentences on what limits the reconstruction.
    """
    values = {name: metric.per_image for name, metric in measured.metrics.items()}
    order = np.argsort(np.array(values["mse"], float), kind="stable")
    count = min(_IMAGES_OF_A_RANK, len(order))
    first = (len(order) - count) // 2
    chosen = {"best": order[:count], "median": order[first : first + count],
              "worst": order[::-1][:count]}  # fmt: skip
    ranks = {
        rank: tuple(
            RankedImage(index=int(i), row=int(rows[i]),
                        metrics={name: of_images[i] for name, of_images in values.items()})
            for i in indexes
        )
        for rank, indexes in chosen.items()
    }  # fmt: skip
    drawings: dict[str, Drawing] = {}
    for index in {int(i) for indexes in chosen.values() for i in indexes}:
        drawings[f"original-{index}"] = images[index]
        drawings[f"reconstruction-{index}"] = reconstructions[index]
    facts = [
        Fact(label=f"held-out {METRICS[name]}", value=metric.mean, interval=metric.interval,
             unit="dB" if metric.unit == "dB" else "")
        for name, metric in measured.metrics.items()
    ]  # fmt: skip
    record = ReconstructionSectionRecord(
        measured=measured, of=of, ranks=ranks, command=command, remarks=tuple(remarks)
    )
    heading = "Reconstruction of held-out images"
    return Section("reconstruction", heading, record, drawings, facts)


class PlateSectionRecord(PlateRecord):
    """A plate; all its differences are on one scale, -``scale`` to ``scale`` grey levels.

    ``by_zatlas``: the report chose the edits, because the run had none.
    """

    scale: int
    by_zatlas: bool = False


class EditsSectionRecord(Record):
    """The plates of a report."""

    plates: tuple[PlateSectionRecord, ...]


def edits(plates: Sequence[tuple[PlateSectionRecord, Drawing]]) -> Section:
    """The edits: for each plate its record and its figure."""
    record = EditsSectionRecord(plates=tuple(plate for plate, _ in plates))
    return Section("edits", "Edits", record, _numbered("plate", plates))


class TraversalRecord(Record):
    """A strip: one image of a file, and the elements that are swept ``span`` sd to each side."""

    images: str
    index: int
    elements: tuple[int, ...]
    span: float
    command: str


class TraversalsRecord(Record):
    """The strips of a report."""

    strips: tuple[TraversalRecord, ...]


def traversals(strips: Sequence[tuple[TraversalRecord, Drawing]]) -> Section:
    """Sweeps of single elements: for each strip its record and its figure."""
    record = TraversalsRecord(strips=tuple(strip for strip, _ in strips))
    return Section("traversals", "Sweeps of single elements", record, _numbered("strip", strips))


def _numbered(name: str, pairs: Sequence[tuple[Record, Drawing]]) -> dict[str, Drawing]:
    return {f"{name}-{i}": drawing for i, (_, drawing) in enumerate(pairs)}


class ExaminationRecord(Record):
    """A report that was repeated: its source, what was assumed, its edits, its claims."""

    source: str
    assumed: tuple[str, ...]
    edits: tuple[str, ...]
    claims: tuple[ClaimAnswer, ...]


class ComparisonRecord(Record):
    """The figures of an examination: its claims and its edits beside what was measured."""

    claims: tuple[ClaimAnswer, ...]
    edits: tuple[str, ...]
    command: str


def examination(
    source: str, assumed: Sequence[str], edits: Sequence[str], drawings: Mapping[str, Drawing],
    command: str, claims: Sequence[ClaimAnswer] = (),
) -> list[Section]:  # fmt: skip
    """A report that was repeated: its verdicts, and its figures where it has claims or edits.

    Parameters
    ----------
    source : the file that its network was read from.
    assumed : a sentence for everything that the source does not say.
    edits : its edits as typed.
    drawings : "displays", the figure of the edits, and "claim-0", "claim-1" ... of the claims.
    command : the command that repeated it.
    claims : its claims with their verdicts.
    """
    record = ExaminationRecord(
        source=source, assumed=tuple(assumed), edits=tuple(edits), claims=tuple(claims)
    )
    displayed = tuple(edits) if "displays" in drawings else ()
    figures = ComparisonRecord(claims=tuple(claims), edits=displayed, command=command)
    made = [Section("examination", "The report that was examined", record)]
    if drawings:
        heading = "The claims beside what was measured" if claims else "Two displays"
        made.append(Section("comparison", heading, figures, drawings))
    return made


class NextStep(Record):
    """Something to do next, and the command that does it."""

    words: str
    command: str


class NextRecord(Record):
    """What to do next."""

    steps: tuple[NextStep, ...]


class LimitsRecord(Record):
    """The seed of a run, the limits of its report, and the commands that repeat it."""

    seed: int
    sentences: tuple[str, ...]
    commands: tuple[str, ...]


def limits(seed: int, commands: Sequence[str], *, more: Sequence[str] = ()) -> Section:
    """The limits of the report, and the commands that repeat it; ``more`` adds sentences."""
    sentences = (
        f"This is one run with one seed ({seed}). With another seed an element has another index, "
        "so a sentence about an element is about this run.",
        "Intervals are over images. They do not say how much numbers differ between seeds.",
        "A plate shows a few images. An edit may have another effect on other images.",
        *more,
    )
    record = LimitsRecord(seed=seed, sentences=sentences, commands=tuple(commands))
    return Section("limits", "Limits, and how to repeat it", record)


def next_steps(steps: Mapping[str, str]) -> Section:
    """What to do next: a command for each of some words."""
    made = tuple(NextStep(words=words, command=command) for words, command in steps.items())
    return Section("next", "What to do next", NextRecord(steps=made))


def note(
    text: str, source: str = "", pictures: Mapping[str, GivenPicture] | None = None
) -> Section:
    """The user's own words, a text in Markdown from the file ``source``, and its pictures."""
    names, shown = tuple(pictures or ()), (pictures or {}).values()
    record = NoteRecord(text=text, source=source, pictures=names)
    return Section("note", "Notes", record, {f"picture-{i}": one for i, one in enumerate(shown)})
