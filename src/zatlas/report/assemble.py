"""The report of runs: every section, made from the folder of each run."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from zatlas.errors import InputError, argument_error
from zatlas.evidence.edit_records import edit_record, repeated
from zatlas.evidence.records import EditRecord, PlateRecord
from zatlas.figures.plate import differences, edits_plate
from zatlas.figures.strip import strip
from zatlas.files import read_text
from zatlas.latents.interpolation import offset_labels
from zatlas.recipes.description import describe
from zatlas.recipes.objective_text import written
from zatlas.recipes.step import Shapes
from zatlas.report import sections
from zatlas.report.atlas_sections import AtlasSectionRecord, AtlasSections, atlas_sections
from zatlas.report.data import Drawing, ReportData, RunReport, Section, command
from zatlas.report.direction_sections import direction_section
from zatlas.report.note_pictures import note_pictures
from zatlas.report.sections import ImageSetRecord, PlateSectionRecord, TraversalRecord
from zatlas.run.directions import kept_directions
from zatlas.run.evidence import (
    kept_edits,
    kept_reconstruction,
    training_remarks,
    training_warnings,
)
from zatlas.run.run import PathLike, Pictures, Run
from zatlas.run.split import Part

_EXAMPLES = 8  # held-out images that the section on data shows
_SWEPT = 6  # elements swept, at most: the strongest
_EDITED = 3  # elements edited where the user has made no edit yet
_PAGES = 4  # elements of the atlas with a figure of their own
_SPAN = 3.0  # sd, of a sweep to each side


def report_data(
    runs: list[Run], opening: Sequence[Section] = (), notes: Sequence[PathLike] = ()
) -> ReportData:
    """The sections of one run or more, for ``write_report``.

    Parameters
    ----------
    runs : trained runs whose images are still there.
    opening : the first section of each run, and those that follow its edits.
    notes : Markdown files with the user's own words: one for each run, or one for all of them.

    Raises
    ------
    InputError
        A file of a run is missing or damaged, its images have changed, or there is another number
        of notes.
    """
    if len(notes) not in (0, 1, len(runs)):
        mend = f"give one, or one for each of the {len(runs)} runs in their order"
        raise argument_error("note", f"{len(notes)} files", mend)
    name = runs[0].name if opening else runs[0].path.name
    title = f"Report on {name}" if len(runs) == 1 else f"Report on {len(runs)} runs"
    own = [
        sections.note(text, str(note), note_pictures(note, text))
        for note, text in ((note, read_text(note)) for note in notes)
    ]
    options = [word for note in notes for word in ("--note", note)]
    again = command("report", *(run.path for run in runs), *options, "--out", "report.html")
    first, after = list(opening[:1]), list(opening[1:])
    each = own if len(own) == len(runs) else []
    alone = len(runs) == 1
    reports = [
        _run_report(run, first, [*each[place : place + 1], *after], again, alone=alone)
        for place, run in enumerate(runs)
    ]
    return ReportData(title, reports, [] if each else own)


def _run_report(
    run: Run, first: Sequence[Section], after: Sequence[Section], again: str, *,
    alone: bool = True,
) -> RunReport:  # fmt: skip
    """What was done and found comes first, then how: data, training, network.

    ``first`` and ``after`` stand before and behind the edits. A run that is ``alone`` in its report
    ends with what to do next.
    """
    part, file = run.held_out(), run.held_out_path
    measured = kept_reconstruction(run)
    images = part.pictures(measured.n)
    network, model = run.model.architecture, run.model.model_file
    family = describe(model, shapes=Shapes(network.image, network.code_shape))
    title = model.title or run.name
    missing: list[str] = []
    atlas = _atlas(run, missing)
    strongest = (atlas.order if atlas else []) or _highest_variance(run)
    made = [
        *first,
        _edits(run, part, file, strongest[:_EDITED], missing),
        *after,
        *([atlas.elements] if atlas else []),
        *_directions(run, missing),
        _traversals(run, part, file, strongest[:_SWEPT]),
        *([atlas.overview, atlas.ranking, atlas.properties] if atlas else []),
        sections.reconstruction(
            measured, images, run.reconstruct(images), of=file, rows=part.rows,
            command=again, remarks=training_remarks(run),
        ),
        _data(run, part, file),
        _training(run),
        sections.architecture(
            network, title, model_file=run.paths.model.read_text(encoding="utf-8"),
            command=command("models", "show", run.paths.model), family=family,
        ),
    ]  # fmt: skip
    made += [
        sections.limits(run.config.training.seed, _commands(run, made, again), more=missing),
        *([_next(run, file, int(part.rows[0]), strongest, atlas is not None)] if alone else []),
    ]
    return RunReport(run.path.name, made, _about(run, title), training_warnings(run))


def _about(run: Run, title: str) -> str:
    """One plain sentence about a run."""
    network = run.model.architecture
    height, width = network.image[1:]
    return (
        f"{title}: the network writes a picture of {height} × {width} pixels as {network.latent:,} "
        "numbers, its latent elements z[0], z[1] and so on, and draws the picture again from them."
    )


def _next(run: Run, file: str, row: int, strongest: Sequence[int], has_atlas: bool) -> Section:
    """What to do next: an edit, the atlas or a sweep, one's own words."""
    images = ("--images", file, "--index", row)
    element, edit = (strongest[0], f"z[{strongest[0]}] += 2*sd") if strongest else (0, "z[0] += 1")
    steps = {
        "Change an element yourself, and see what it does to other pictures:": command(
            "edit", run.path, edit, *images, "--out", "edit.png"
        )
    }
    if has_atlas:
        steps["Sweep an element through a picture of your choice, as an animation:"] = command(
            "traverse", run.path, *images, "--elements", element, "--out", "sweep.gif"
        )
    else:
        steps["Measure what every element does, and find what each property is changed by:"] = (
            command("atlas", run.path)
        )
    steps["Write your own words into words.md, and make this report with them:"] = command(
        "report", run.path, "--note", "words.md", "--out", "report.html", "--overwrite"
    )
    return sections.next_steps(steps)


def _data(run: Run, part: Part, file: str) -> Section:
    channels, height, width = run.model.architecture.image

    def described(path: str | None, count: int) -> ImageSetRecord:
        return ImageSetRecord(
            name=Path(path).name if path else "an array", count=count,
            size=(height, width, channels), source=path or "given in Python",
        )  # fmt: skip

    images = run.config.images
    held_out_of_them = len(part) if isinstance(run.config.valid, float) else 0
    return sections.data(
        described(images.path, images.count - held_out_of_them),
        described(file, len(part)),
        examples=part.pictures(_EXAMPLES), indexes=part.rows[:_EXAMPLES].tolist(),
        note="The first held-out images, in the order of their file.",
    )  # fmt: skip


def _training(run: Run) -> Section:
    config, objective = run.config, run.model.model_file.objective
    return sections.training(
        run.history, run.best_epoch, config.training.model_dump(),
        objective=" + ".join(written(objective)), warmup=objective.warmup_epochs,
        machine={**config.machine, **config.computing.model_dump()}, versions=config.versions,
        pixels=run.model.model_file.range, command=config.command or "",
    )  # fmt: skip


def _edits(
    run: Run, part: Part, file: str, strongest: Sequence[int], missing: list[str]
) -> Section:
    """The edits that the user has made; without any, the strongest elements moved by 2 sd."""
    plates: list[tuple[PlateSectionRecord, Drawing]] = []
    kept = kept_edits(run).plates
    for plate in kept:
        try:
            plates.append(
                _plate(run, plate, run.opened(plate.images, plate.fingerprint)[list(plate.index)])
            )
        except (InputError, IndexError) as fault:
            missing.append(f"The edits of “{plate.command}” are not drawn: {fault}.")
    if not kept and strongest:
        texts = [f"z[{e}] += 2*sd" for e in strongest]
        index = part.rows[:2].tolist()
        typed = command("edit", run.path, "--images", file, "--index", _listed(index), *texts,
                           "--out", "plate.png")  # fmt: skip
        edits = [EditRecord(edit=text, assumptions=(), elements=()) for text in texts]
        if edits:  # none where every element is dead
            plate = PlateRecord(images=file, index=tuple(index), command=typed, edits=tuple(edits))
            plates = [_plate(run, plate, part.pictures(2), by_zatlas=True)]
    return sections.edits(plates)


def _plate(
    run: Run, plate: PlateRecord, images: Pictures, *, by_zatlas: bool = False
) -> tuple[PlateSectionRecord, Drawing]:
    """Draw a plate again; its record holds what was measured of the edits."""
    results = repeated(run.model, run.space, images, plate)
    _, scale = differences(results.reconstructions, [edit.pictures for edit in results.edits])
    edits = [edit_record(result, edit.measured, edit.target)
             for result, edit in zip(results.edits, plate.edits, strict=True)]  # fmt: skip
    record = PlateSectionRecord(
        images=plate.images, fingerprint=plate.fingerprint, index=plate.index,
        command=plate.command, edits=tuple(edits), note=plate.note, scale=scale,
        by_zatlas=by_zatlas,
    )  # fmt: skip
    return record, edits_plate(results, plate.index)


def _traversals(run: Run, part: Part, file: str, elements: list[int]) -> Section:
    """Sweeps through the code of the first held-out image; none where every element is dead."""
    if not elements:
        return sections.traversals([])
    row, code = int(part.rows[0]), run.encode(part.pictures(1))[0]
    swept = [run.traverse(code, element, _SPAN) for element in elements]
    offsets = swept[0][1]
    figure = strip(
        np.stack([run.decode(codes) for codes, _ in swept]),
        offset_labels(offsets),
        marked=(len(offsets) // 2,), names=[f"z[{element}]" for element in elements],
    )  # fmt: skip
    typed = command("traverse", run.path, "--images", file, "--index", row, "--elements",
                       _listed(elements), "--span", f"{_SPAN:g}", "--out", "sweep.png")  # fmt: skip
    record = TraversalRecord(images=file, index=row, elements=tuple(elements), span=_SPAN,
                             command=typed)  # fmt: skip
    return sections.traversals([(record, figure)])


def _atlas(run: Run, missing: list[str]) -> AtlasSections | None:
    """The atlas, where one was measured and can still be drawn."""
    if not run.paths.atlas.exists():
        return None
    try:
        return atlas_sections(run, _PAGES)
    except InputError as fault:
        missing.append(f"The atlas is left out: {fault}.")
        return None


def _directions(run: Run, missing: list[str]) -> list[Section]:
    """The directions, where the run has any."""
    try:
        known = kept_directions(run)
        return [direction_section(run, known, _PAGES)] if known else []
    except InputError as fault:
        missing.append(f"The directions are left out: {fault}.")
        return []


def _highest_variance(run: Run) -> list[int]:
    """The elements by their variance over the run's images, without the dead ones."""
    order = np.argsort(-run.statistics.sd, kind="stable")
    return [int(element) for element in order if not run.statistics.dead[element]]


def _commands(run: Run, made: list[Section], again: str) -> list[str]:
    """The commands that make a run, its evidence and its report again, in their order."""
    records = [section.record for section in made]
    atlas = [one.command for one in records if isinstance(one, AtlasSectionRecord)]
    plates = [plate.command for plate in kept_edits(run).plates]
    every = [run.config.command or "", *atlas, *plates, again]
    return list(filter(None, dict.fromkeys(every)))


def _listed(numbers: list[int]) -> str:
    return ",".join(map(str, numbers))
