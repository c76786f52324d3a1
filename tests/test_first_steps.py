"""What is typed first, and often wrongly: options, names, quotes, ranges, plates to leave out."""

import io
import json
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import zatlas as library
from conftest import TINY, Zatlas, discs
from zatlas.cli.options import Numbers
from zatlas.cli.program import COMMANDS
from zatlas.errors import InputError
from zatlas.evidence.records import AtlasRecord
from zatlas.images import open_images
from zatlas.images.sheet import contact_sheet
from zatlas.run.evidence import forget_edits, kept_edits
from zatlas.run.history import HistoryRow
from zatlas.run.run import Run, open_run
from zatlas.training.callbacks import Callback
from zatlas.training.signals import Stopped
from zatlas.workflows import progress

IMAGES = ("--images", "discs.npy")
PLATE = (*IMAGES, "--out", "p.png")

# usage A13: what was typed, and words of the one line that it gets
MISTAKES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "RUN forgotten": (("edit", "z[0] *= 2", *PLATE), ("RUN is missing", 'zatlas edit runs/a "z[')),
    "EDIT forgotten": (("edit", "runs/tiny", *PLATE), ("EDIT is missing", 'runs/a "z[0] *= 2"')),
    "no quotes": (("edit", "runs/tiny", "z[1]", "*=", "2", *PLATE), ("'z[1] *= 2'", "quotes")),
    "no quotes, no RUN": (("edit", "z[1]", "*=", "2", *PLATE), ("'z[1] *= 2'", "put quotes")),
    "no quotes, minus": (("edit", "runs/tiny", "z[1]", "-=", "2", *PLATE), ("put quotes",)),
    "no star": (("edit", "runs/tiny", "z[1] += 2sd", *PLATE), ("as in 2*sd",)),
    "no such name": (("edit", "runs/tiny", 'z["smile"] += 1', *PLATE), ('--name 0="smile"',)),
    "run misspelt": (("edit", "runs/tny", "z[0] *= 2", *PLATE), ("did you mean 'runs/tiny'?",)),
    "runs/ forgotten": (("report", "tiny", "--out", "r.html"), ("did you mean 'runs/tiny'?",)),
    "model misspelt": (("models", "show", "runs/tny"), ("did you mean 'runs/tiny'?",)),
    "option as key": (
        ("train", "--model", "fcn-10", *IMAGES, "--out", "r", "--set", "latent=20"),
        ("write --latent 20",),
    ),
    "key of a term": (
        ("train", "--model", "vae-fcn-64", *IMAGES, "--out", "r", "--set", "kl_weight=4"),
        ("write objective.kl.weight",),
    ),
    "range": (("traverse", "runs/tiny", *PLATE, "--elements", "3-0"), ("as in 0-3",)),
    "trained": (
        ("examine", "runs/tiny", "--out", "e", "--epochs", "3"),
        ("--epochs 3: runs/tiny is trained already",),
    ),
    "no images": (("examine", "tiny.yaml", "--out", "e"), ("--images FILE is missing",)),
    "sheet": (("images", "show", "discs.npy", "--out", "s.png", "--index", "40"), ("0 to 39",)),
    "examine, no quotes": (
        ("examine", "tiny.yaml", "z[0]", "*=", "2", *IMAGES, "--out", "e"),
        ("'z[0] *= 2': put quotes", 'zatlas examine net.py "z[0] *= 2"'),
    ),
    "examine, SOURCE forgotten": (
        ("examine", "z[0] *= 2", *IMAGES, "--out", "e"), ("SOURCE is missing: 'z[0] *= 2'",),
    ),
    "forget, no quotes": (("forget", "runs/tiny", "z[0]", "*=", "2"), ("'z[0] *= 2': put quot",)),
    "option misspelt": (("atlas", "runs/tiny", "--cuont", "5"), ("--cuont: no such option; did",)),
    "no such option": (
        ("images", "prepare", "discs.npy", "o.npy", "--size", "8"),
        ("--size: no such option; see `zatlas images prepare --help`",),
    ),
    "no quotes, minus 2": (("edit", "runs/tiny", "z[1]", "=", "-2", *PLATE), ("put quotes",)),
    "folder of runs misspelt": (("sample", "run/tiny", "--out", "s.png"), ("'runs/tiny'?",)),
    "another run": (("sample", "zzz", "--out", "s.png"), ("give a trained run, as runs/tiny",)),
    "factors misspelt": (
        ("examine", "runs/tiny", "z[0] *= 2", "--factors", "tny.yaml", "--out", "e"),
        ("--factors tny.yaml: no such file; did you mean 'tiny.yaml'?",),
    ),
    "size": (
        ("images", "prepare", "discs.npy", "o.npy", "--to", "64x64"), ("as SIDE|HEIGHT,WIDTH",),
    ),
    "note misspelt": (
        ("report", "runs/tiny", "--note", "word.md", "--out", "r.html"),
        ("word.md: no such file; did you mean 'words.md'?",),
    ),
    "model file misspelt": (("models", "show", "tny.yaml"), ("did you mean 'tiny.yaml'?",)),
    "size of images": (
        ("models", "show", "tiny.yaml", "--set", "image=8"), ("image: 8: write [channels, h",),
    ),
}  # fmt: skip
MISSING = {  # usage A13: what each command says where all of its words are missing
    "images prepare": "SOURCE is missing: a folder of pictures",
    "images render": "OUT.npy is missing", "images show": "FILE is missing",
    "models show": "MODEL is missing: a preset (`zatlas models list`)",
    "train": "--model MODEL is missing: a preset of `zatlas models list`, a model file",
    "examine": "SOURCE|RUN is missing: pasted code", "demo": "--out DIR is missing: the folder",
    **dict.fromkeys(
        ("encode", "edit", "traverse", "interpolate", "sample", "atlas", "directions", "find",
         "report", "forget"),
        "RUN is missing: the folder of a trained run, as runs/tiny; see `zatlas ",
    ),
}  # fmt: skip
CONVOLUTIONAL = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU())
        self.decoder = nn.Sequential(nn.ConvTranspose2d(8, 3, 4, 2, 1), nn.Tanh())

    def forward(self, x):
        return self.decoder(self.encoder(x))
"""
WRITERS = {
    "edit": ("edit", "runs/tiny", "z[0] *= 2", *IMAGES), "sample": ("sample", "runs/tiny"),
    "traverse": ("traverse", "runs/tiny", *IMAGES, "--elements", "0"),
    "interpolate": ("interpolate", "runs/tiny", *IMAGES, "--index", "0,1"),
    "encode": ("encode", "runs/tiny", *IMAGES), "report": ("report", "runs/tiny"),
    "atlas": ("atlas", "runs/tiny"), "show": ("images", "show", "discs.npy"),
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, tiny_run: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a run and images, in which commands are typed."""
    shutil.copytree(tiny_run.path, tmp_path / "runs" / "tiny")
    for file in ("edits.json", "atlas.json", "atlas.npz"):  # of tests before
        (tmp_path / "runs" / "tiny" / "evidence" / file).unlink(missing_ok=True)
    np.save(tmp_path / "discs.npy", discs(40, seed=1))
    (tmp_path / "tiny.yaml").write_text(TINY.to_yaml())
    (tmp_path / "words.md").write_text("My own words.")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", MISTAKES)
def test_a_typing_mistake_gets_what_was_meant(name: str, place: Path, zatlas: Zatlas) -> None:
    typed, words = MISTAKES[name]
    before = set(place.rglob("*"))
    status, out, err = zatlas(*typed)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    for word in words:
        assert word in err
    assert set(place.rglob("*")) == before


@pytest.mark.parametrize("command", MISSING)
def test_what_is_missing_is_explained(command: str, place: Path, zatlas: Zatlas) -> None:
    status, out, err = zatlas(*command.split())
    assert (status, out) == (2, "")
    assert err.startswith(f"zatlas: {MISSING[command]}")
    assert err.endswith(f"see `zatlas {command} --help`\n")


def test_every_command_with_arguments_explains_them(zatlas: Zatlas) -> None:
    named = {command.split()[0] for command in MISSING}
    assert named == set(COMMANDS)


def test_where_no_run_is_a_command_makes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zatlas: Zatlas
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "made by `zatlas train --model fcn-10 --images" in zatlas("edit")[2]


def test_files_that_are_not_pictures_are_named(place: Path, zatlas: Zatlas) -> None:
    """They were left out without a word, of folders and of archives."""
    files = ["photos/0.png", "photos/a.txt", "photos/b.csv", "photos/c/d.npy", "photos/.hidden"]
    for file in files:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text("")
    Image.fromarray(discs(1)[0]).save(files[0])
    words = "3 files are not pictures and were left out: a.txt, b.csv, …"
    assert words in zatlas("images", "prepare", "photos", "a.npy")[1]
    shutil.make_archive("photos", "zip", "photos")
    assert words in zatlas("images", "prepare", "photos.zip", "b.npy")[1]
    for file in files[2:4]:
        Path(file).unlink()
    out = zatlas("images", "prepare", "photos", "c.npy")[1]
    assert "1 file is not a picture and was left out: a.txt" in out


def test_a_convolutional_network_takes_images_of_another_size(place: Path, zatlas: Zatlas) -> None:
    """Pasted code without a Linear layer does not tell the size of its images."""
    Path("net.py").write_text(CONVOLUTIONAL)
    _, out, _ = zatlas("models", "show", "net.py")
    assert "3x64x64" in out
    assert "the image is 3×64×64 unless the key image is set; Conv2d tells only the 3" in out
    assert "3x8x8" in zatlas("models", "show", "net.py", "--set", "image=[3, 8, 8]")[1]
    train = ("train", "--model", "net.py", *IMAGES, "--epochs", 1, "--out", "runs/net")
    status, _, err = zatlas(*train, "--set", "image=[3, 8, 8]")
    assert (status, err) == (0, "")
    other = zatlas(*train, "--overwrite", "--set", "image=[3, 9, 9]")[2]
    assert "decoder ends at 3x10x10, but the image is 3x9x9" in other


@pytest.mark.parametrize("name", WRITERS)
def test_a_format_is_refused_before_the_work(
    name: str, place: Path, zatlas: Zatlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """usage A13: ``--out p1.jpg`` was refused after nine seconds of measuring."""
    monkeypatch.setattr("zatlas.run.run.open_run", None)
    status, _, err = zatlas(*WRITERS[name], "--out", "p.jpg")
    assert status == 2
    assert "--out p.jpg: give it a name that ends in ." in err


def test_help_promises_a_gif_where_it_is_written(zatlas: Zatlas) -> None:
    """usage A13: ``edit --help`` promised one."""
    assert ".gif" not in zatlas("edit", "--help")[1]
    assert ".gif" in zatlas("traverse", "--help")[1]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("0", (0,)), ("0,5", (0, 5)), ("0-3", (0, 1, 2, 3)), ("-1", (-1,)), ("2, 4-5", (2, 4, 5))],
)
def test_numbers_and_ranges(text: str, numbers: tuple[int, ...]) -> None:
    """usage B10."""
    assert Numbers().convert(text, None, None) == numbers


@pytest.mark.parametrize("text", ["", "a", "0-", "3-0", "-2-3", "0-99999999", "all", "1.5", "--1"])
def test_other_numbers_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="numbers"):
        Numbers().convert(text, None, None)
    assert Numbers(all=True).convert("all", None, None) == "all"


def test_the_same_edit_and_the_same_file_replace_each_other(place: Path, zatlas: Zatlas) -> None:
    """usage A7: a report showed every accident, four of them under one file."""

    def edit(text: str, out: str, *options: str) -> None:
        words = ("--count", 0, "--out", out, "--overwrite", *options)
        assert zatlas("edit", "runs/tiny", text, *IMAGES, *words)[0] == 0

    def kept() -> list[tuple[str, str]]:
        return [(one.edits[0].edit, one.out) for one in kept_edits(open_run("runs/tiny")).plates]

    edit("z[0] *= 2", "a.png")
    edit("z[0] *= 3", "a.png")
    edit("z[1] *= 2", "b.png")
    edit("z[1] *= 2", "c.png", "--index", "5")
    edit("z[2] *= 2", "d.png")
    assert kept() == [("z[0] *= 3", "a.png"), ("z[1] *= 2", "c.png"), ("z[2] *= 2", "d.png")]
    status, out, _ = zatlas("forget", "runs/tiny", "z[1]*=2.0", "a.png")
    assert status == 0
    assert out.count("left out: zatlas edit") == 2
    assert kept() == [("z[2] *= 2", "d.png")]
    with pytest.raises(InputError, match=r"'z\[2\] \*= 3'; did you mean 'z\[2\] \*= 2'"):
        forget_edits(open_run("runs/tiny"), ["z[2] *= 3"])
    assert (place / "a.png").exists()


@pytest.mark.long
def test_a_trial_leaves_the_atlas_of_the_run(place: Path, zatlas: Zatlas) -> None:
    """usage A9: ``--out elsewhere --count 40`` wrote over the evidence."""
    assert zatlas("atlas", "runs/tiny", *IMAGES, "--count", 30, "--pages", 1)[0] == 0
    evidence = {file: file.read_bytes() for file in (place / "runs" / "tiny").rglob("atlas*.*")}
    status, out, _ = zatlas("atlas", "runs/tiny", *IMAGES, "--count", 12, "--pages", 1,
                            "--out", "trial.html", "--json", "trial-answer.json")  # fmt: skip
    assert status == 0
    assert "runs/tiny keeps the atlas that it has" in out
    assert {file: file.read_bytes() for file in evidence} == evidence
    assert AtlasRecord.model_validate(json.loads(Path("trial-answer.json").read_text())).n == 12
    command = "zatlas atlas runs/tiny --images discs.npy --count 12 --seed 0 --pages 1"
    assert f"{command} --out trial.html" in Path("trial.md").read_text()


@pytest.mark.long
def test_weights_that_change_take_their_evidence_and_say_so(tmp_path: Path, zatlas: Zatlas) -> None:
    """usage A8: edits and atlas went without a word, and a stale page stayed."""
    np.save(tmp_path / "discs.npy", discs(100))
    run, images = tmp_path / "run", ("--images", tmp_path / "discs.npy")
    (tmp_path / "tiny.yaml").write_text(TINY.to_yaml())
    train = ("train", "--model", tmp_path / "tiny.yaml", *images, "--batch-size", 32, "--out", run)
    assert zatlas(*train, "--epochs", 1)[0] == 0
    assert zatlas("atlas", run, "--count", 10, "--pages", 1)[0] == 0
    plate = ("edit", run, "z[0] *= 2", *images, "--count", "0", "--out", tmp_path / "p.png")
    assert zatlas(*plate)[0] == 0
    (run / "mine.html").write_text("mine")
    made = {run / "atlas.html", run / "evidence" / "edits.json", run / "atlas_files"}
    status, out, _ = zatlas(*train, "--epochs", 1, "--resume")
    assert status == 0
    assert "removed" not in out
    assert all(file.exists() for file in made)
    status, out, _ = zatlas(*train, "--epochs", 3, "--resume")
    assert status == 0
    assert "the weights have changed" in out
    assert f"zatlas atlas {run}" in out
    assert f"zatlas edit {run} 'z[0] *= 2'" in out
    assert not any(file.exists() for file in made)
    assert (run / "mine.html").exists()


class _StopsAfter(Callback):
    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def epoch(self, row: HistoryRow) -> None:
        if row.epoch == self.epochs:
            signal.raise_signal(signal.SIGINT)


def test_a_stopped_run_ends_with_the_weights_so_far(tmp_path: Path) -> None:
    """usage B10: the weights of a run that was stopped could not be used."""
    np.save(tmp_path / "discs.npy", discs(100))
    same: dict[str, Any] = {"batch_size": 32, "out": tmp_path / "run"}
    with pytest.raises(Stopped, match="With resume=True and epochs=2 it finishes the run as it is"):
        library.train(TINY, tmp_path / "discs.npy", epochs=5, callback=_StopsAfter(2), **same)
    with pytest.raises(InputError, match="the weights so far, with resume=True epochs=2"):
        open_run(tmp_path / "run")
    with pytest.raises(InputError, match="may not shrink below the 2 done"):
        library.train(TINY, tmp_path / "discs.npy", epochs=1, resume=True, **same)
    run = library.train(TINY, tmp_path / "discs.npy", epochs=2, resume=True, **same)
    assert len(run.history) == 2
    whole = library.train(
        TINY, tmp_path / "discs.npy", epochs=2, batch_size=32, out=tmp_path / "whole"
    )
    weights = [(one.path / "model.safetensors").read_bytes() for one in (run, whole)]
    assert weights[0] == weights[1]


def test_a_run_is_a_model_too(place: Path, zatlas: Zatlas) -> None:
    """usage A13: ``models show RUN`` was unknown; usage B7: ``--latent`` everywhere."""
    assert "4 latent elements" in zatlas("models", "show", "runs/tiny")[1]
    shown = zatlas("models", "show", "runs/tiny", "--latent", 7)[1]
    assert shown.startswith("Tiny (changed to 7 latent elements)")
    assert "7 latent elements" in shown
    status, _, err = zatlas("train", "--model", "runs/tiny", *IMAGES, "--latent", 7, "--epochs", 1,
                            "--out", "runs/seven")  # fmt: skip
    assert (status, err) == (0, "")
    assert open_run("runs/seven").model.latent == 7


@pytest.mark.long
def test_claims_about_a_trained_run(place: Path, zatlas: Zatlas) -> None:
    """usage B6: examine always trained anew."""
    weights = Path("runs/tiny/model.safetensors").read_bytes()
    status, out, err = zatlas("examine", "runs/tiny", "z[0] *= 2", "--says",
                              "element 1 makes it darker", *IMAGES, "--out", "seen")  # fmt: skip
    assert (status, err) == (0, "")
    assert "element 1 makes it darker: " in out
    assert "wrote runs/tiny" not in out
    assert sorted(file.name for file in Path("seen").iterdir()) == [
        "displays.png", "plate.png", "report.html", "report.json", "report.md", "report_files",
    ]  # fmt: skip
    assert Path("runs/tiny/model.safetensors").read_bytes() == weights


def test_claims_are_measured_on_what_was_held_out(tmp_path: Path) -> None:
    """usage B6: of the images that the run was trained on, the held-out ones alone."""
    np.save(tmp_path / "discs.npy", discs(60))
    run = library.train(TINY, tmp_path / "discs.npy", valid=0.3, epochs=1, out=tmp_path / "run")
    done = library.examine(run.path, ["z[0] *= 2"], images=tmp_path / "discs.npy",
                           out=tmp_path / "seen")  # fmt: skip
    assert done.edits[0].n == 18
    assert done.plate is not None
    assert set(done.plate.record.index) <= set(run.held_out().rows.tolist())
    with pytest.raises(InputError, match=r"^edits='z\[0\] \*= 2': give a list"):
        library.examine(run.path, "z[0] *= 2", out=tmp_path / "other")


@pytest.mark.long
def test_examine_trains_as_it_is_told(place: Path, zatlas: Zatlas) -> None:
    """usage B6: there was no --batch-size and no --set."""
    status, _, err = zatlas(
        "examine", "tiny.yaml", "z[5] *= 2", *IMAGES, "--epochs", 1, "--batch-size", 8, "--lr",
        0.01, "--latent", 6, "--set", "title=Mine", "--count", 4, "--valid", 0.2, "--out", "seen",
    )  # fmt: skip
    assert (status, err) == (0, "")
    run = open_run("seen/run")
    assert (run.config.training.batch_size, run.config.training.lr) == (8, 0.01)
    assert run.model.latent == 6
    assert run.model.model_file.title == "Mine (changed to 6 latent elements)"


def test_sweeps_of_several_elements_and_images(place: Path, tiny_run: Run, zatlas: Zatlas) -> None:
    """usage B10: several images, all elements, several elements in an animation."""
    for out, steps in (("t.png", 3), ("t.gif", 5)):
        status, _, err = zatlas("traverse", "runs/tiny", *IMAGES, "--index", "0-1", "--elements",
                                "all", "--steps", steps, "--out", out)  # fmt: skip
        assert (status, err) == (0, "")
    animated: Any = Image.open("t.gif")
    assert animated.n_frames == 5
    assert animated.size[0] > 4 * 8 * 4  # four elements in a line, eight pixels four times as wide
    strip = library.open_run("runs/tiny").traversals("all", "discs.npy", index=[0, 1])
    assert strip._repr_png_()[:4] == b"\x89PNG"
    assert sorted(np.flatnonzero(~tiny_run.statistics.dead)) == [0, 1, 2, 3]


def test_a_contact_sheet_has_indexes(place: Path, zatlas: Zatlas) -> None:
    """usage B8: everything needs --index, and no sheet showed one."""
    for out, options in (("a.png", ()), ("b.png", ("--plain",)), ("c.png", ("--index", "4-7"))):
        assert zatlas("images", "show", "discs.npy", "--out", out, *options)[0] == 0
    labelled, plain = (np.asarray(Image.open(name)) for name in ("a.png", "b.png"))
    assert labelled.shape[0] > plain.shape[0]
    pictures = discs(4, size=16)
    bare, sheet = (contact_sheet(pictures, 2, labels=each) for each in ((), ("0", "1", "2", "3")))
    assert sheet.shape[0] == bare.shape[0] + 2 * 14
    assert np.array_equal(sheet[2:18, 2:18], pictures[0])
    assert (sheet[18:32, 2:18] < 200).any()  # a number below it
    with pytest.raises(InputError, match="1 labels for 4 pictures"):
        contact_sheet(pictures, labels=["0"])
    out = zatlas("images", "show", "discs.npy", "--count", 9, "--out", "d.png")[1]
    assert "the first 9 of 40 images; --count or --index for others" in out
    shown = Image.open(io.BytesIO(open_images(discs(3))._repr_png_()))
    assert shown.size[1] > 8 + 14


@pytest.mark.parametrize(("shown", "lines"), [(True, True), (False, False)])
def test_training_in_python_shows_its_progress(
    shown: bool, lines: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """usage B9: ``zatlas.train`` printed nothing."""
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stderr", terminal)
    library.train(TINY, discs(40), epochs=2, out=tmp_path / "run", progress=shown)
    text = terminal.getvalue()
    assert ("100%  images 72 of 72" in text) is lines
    assert ("epoch 2/2: loss" in text) is lines
    assert text.endswith("\n") is lines


def test_elsewhere_python_prints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert progress.default_progress("elements") is None
    assert type(progress.default_callback(3)) is Callback


@pytest.mark.parametrize(
    "call", [lambda run: run._repr_html_(), lambda run: run.open_atlas()._repr_html_()]
)
def test_notebooks_show_runs_and_atlases(call: Callable[[Run], str], place: Path) -> None:
    """usage B9."""
    run = open_run("runs/tiny")
    run.atlas("discs.npy", count=10)
    assert call(run).startswith("<table>")
