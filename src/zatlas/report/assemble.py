"""The report of a run, from its folder: every section asked of the rooms above."""

import shlex
from pathlib import Path
from typing import Any

import numpy as np

from zatlas.errors import InputError
from zatlas.latents.trial import try_edits
from zatlas.pictures.plate import differences, trial_plate
from zatlas.pictures.strip import strip
from zatlas.report import sections
from zatlas.report.atlas import atlas_sections
from zatlas.report.records import ReportData, RunReport, Section
from zatlas.run import Run
from zatlas.training.split import Part

SHOWN = 8  # held-out images at the head of the page
SWEPT = 6  # elements swept, at most: those whose codes vary most
TRIED = 3  # elements edited where the user has tried no edit yet


def report_data(runs: list[Run], opening: Section | None = None) -> ReportData:
    """What ``write_report`` takes, for one run or more; ``opening`` stands before each one's."""
    title = f"Report on {runs[0].name}" if len(runs) == 1 else f"Report on {len(runs)} runs"
    return ReportData(title, [_about(run, opening) for run in runs])


def _about(run: Run, opening: Section | None) -> RunReport:
    part = run.held_out()
    file = run.held_out_path
    measured = run.evidence("reconstruction")
    images = part.pictures(measured["n"])
    network = run.model.architecture
    title = run.model.model_file.title or run.name
    missing: list[str] = []
    chapters = [
        *([opening] if opening else []),
        _data(run, part, file),
        sections.architecture(
            network, title, model_file=(run.path / "model.yaml").read_text(encoding="utf-8"),
            command=_command("models", "show", run.path / "model.yaml"),
        ),
        _training(run),
        sections.reconstruction(
            measured, images, run.reconstruct(images), of=file, rows=part.rows,
            command=_report_command(run),
        ),
        _edits(run, part, file, missing),
        _traversals(run, part, file),
        *_atlas(run, missing),
        sections.limits(
            run.config["training"]["seed"],
            [c for c in (run.config["command"], _report_command(run)) if c], more=missing,
        ),
    ]  # fmt: skip
    about = f"{title}: {network.parameters:,} parameters, {network.latent:,} latent elements"
    return RunReport(run.path.name, chapters, about)


def _data(run: Run, part: Part, file: str) -> Section:
    channels, height, width = run.model.architecture.image
    size = [height, width, channels]

    def described(path: str | None, count: int) -> dict[str, Any]:
        name = Path(path).name if path else "an array"
        return {"name": name, "count": count, "size": size, "source": path or "given in Python"}

    shared = isinstance(run.config["valid"], float)
    images = run.config["images"]
    return sections.data(
        described(images["path"], images["count"] - (len(part) if shared else 0)),
        described(file, len(part)),
        examples=part.pictures(SHOWN), indexes=[int(i) for i in part.rows[:SHOWN]],
        note="The first held-out images, in the order of their file.",
    )  # fmt: skip


def _training(run: Run) -> Section:
    objective = run.model.model_file.objective
    words: str = objective.reconstruction
    if objective.kl:
        words += f" + {objective.kl_weight:g} × kl ({objective.kl})"
    return sections.training(
        run.history, run.best_epoch, run.config["training"], objective=words,
        warmup=objective.kl_warmup_epochs, machine=run.config["machine"] | run.config["computing"],
        versions=run.config["versions"], command=run.config["command"] or "",
    )  # fmt: skip


def _edits(run: Run, part: Part, file: str, missing: list[str]) -> Section:
    """The edits that the user has tried; where there are none, the liveliest elements by 2 sd."""
    kept = run.edits_tried()
    if not kept:
        texts = [f"z[{e}] += 2*sd" for e in _liveliest(run, TRIED)]
        index = [int(i) for i in part.rows[:2]]
        command = _command("edit", run.path, "--images", file, "--index", _listed(index), *texts,
                           "--out", "plate.png")  # fmt: skip
        kept = [{"images": file, "index": index, "command": command,
                 "edits": [{"edit": text} for text in texts]}]  # fmt: skip
    plates = []
    for record in kept:
        try:
            pictures = run.recorded(record)[record["index"]]
        except (InputError, IndexError) as fault:
            missing.append(f"The edits of `{record['command']}` are not drawn: {fault}.")
            continue
        texts = [edit["edit"] for edit in record["edits"]]
        trial = try_edits(run.model, run.space, pictures, texts)
        _, scale = differences(trial.reconstructions, [e.pictures for e in trial.edits])
        tried = [old | e.record() for old, e in zip(record["edits"], trial.edits, strict=True)]
        measured = {**record, "scale": scale, "edits": tried}
        plates.append((measured, trial_plate(trial, record["index"])))
    return sections.edits(plates)


def _traversals(run: Run, part: Part, file: str) -> Section:
    row, span = int(part.rows[0]), 3.0
    code = run.encode(part.pictures(1))[0]
    elements = _liveliest(run, SWEPT)
    swept = [run.traverse(code, element, span) for element in elements]
    figure = strip(
        np.stack([run.decode(codes) for codes, _ in swept]),
        [f"{offset:+.3g} sd" if offset else "0 sd" for offset in swept[0][1]],
        marked=(len(swept[0][1]) // 2,), names=[f"z[{element}]" for element in elements],
    )  # fmt: skip
    command = _command("traverse", run.path, "--images", file, "--index", row, "--elements",
                       _listed(elements), "--span", "3", "--out", "sweep.png")  # fmt: skip
    record = {"images": file, "index": row, "elements": elements, "span": span, "command": command}
    return sections.traversals([(record, figure)])


def _atlas(run: Run, missing: list[str]) -> list[Section]:
    """The atlas, where one has been measured and can still be drawn."""
    if not (run.path / "evidence" / "atlas.json").exists():
        return []
    try:
        return atlas_sections(run)
    except InputError as fault:
        missing.append(f"The atlas is left out: {fault}.")
        return []


def _liveliest(run: Run, count: int) -> list[int]:
    """The elements whose codes vary most over the run's images, none of them dead."""
    order = np.argsort(-run.statistics.sd, kind="stable")[:count]
    return [int(element) for element in order if not run.statistics.dead[element]]


def _report_command(run: Run) -> str:
    return _command("report", run.path, "--out", "report.html")


def _command(*words: object) -> str:
    return shlex.join(["zatlas", *map(str, words)])


def _listed(numbers: list[int]) -> str:
    return ",".join(map(str, numbers))
