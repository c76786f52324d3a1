"""zatlas deletes, replaces and reads what it made or was told to, and nothing else."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file, save_file

from conftest import TINY, Zatlas, discs
from zatlas.errors import InputError
from zatlas.files import check_output
from zatlas.run.run import Run


@dataclass
class Place:
    """A folder with a run, its images, and things of the user's beside them."""

    folder: Path
    run: Path
    images: Path
    valid: Path

    def put(self, name: str, text: str = "mine") -> Path:
        """A file of the user's."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def link(self, name: str, target: Path) -> Path:
        """A symbolic link of the user's; what stood there goes to the target."""
        place = self.folder / name
        if place.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            place.rename(target)
        place.symlink_to(target)
        return place

    def train(self, *words: object, out: object = "run") -> list[Any]:
        """The command that made the run, of one epoch more."""
        model = self.folder / "model.yaml"
        model.write_text(TINY.to_yaml())
        return ["train", "--model", model, "--images", self.images, "--valid", self.valid,
                "--epochs", 4, "--batch-size", 32, "--out", self.folder / str(out),
                *words]  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, tiny_run: Run) -> Place:
    run = shutil.copytree(tiny_run.path, tmp_path / "run")
    shutil.rmtree(run / "evidence")
    (run / "evidence").mkdir()
    shutil.copy(tiny_run.path / "evidence" / "reconstruction.json", run / "evidence")
    for name in ("discs.npy", "held-out.npy"):
        shutil.copy(tiny_run.path.parent / name, tmp_path)
    config = (run / "config.yaml").read_text().replace(str(tiny_run.path.parent), str(tmp_path))
    (run / "config.yaml").write_text(config)
    return Place(tmp_path, run, tmp_path / "discs.npy", tmp_path / "held-out.npy")


def contents(folder: Path) -> dict[str, object]:
    """Every file with its bytes, every link with its target, every folder."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = path.readlink()
        else:
            found[name] = path.read_bytes() if path.is_file() else None
    return found


@pytest.fixture
def refused(zatlas: Zatlas, place: Place) -> Callable[..., str]:
    """Run a command that must be refused before it has changed anything; its one line."""

    def call(*args: object) -> str:
        before = contents(place.folder)
        status, out, err = zatlas(*args)
        assert (status, "wrote" in out) == (2, False), err
        assert err.startswith("zatlas: ")
        assert err.count("\n") == 1, err
        assert "error in zatlas" not in err
        assert contents(place.folder) == before
        return err

    return call


# What training removes


def test_hidden_files_of_the_users_stay(place: Place, zatlas: Zatlas) -> None:
    kept = [place.put(f"run/{name}") for name in (
        ".notes.20240115.md", ".notes.0a1b2c3d", ".config.0a1b2c3d.yaml", "state/.x.0a1b2c3d.yaml",
        ".backup.20231231/thesis.txt", "evidence/.a.20240115.json", "state/photos/one.jpg",
        "state/thesis.txt", "evidence/notes.md", "evidence/atlas-of-mine.json",
    )]  # fmt: skip
    for mode in ("--resume", "--overwrite"):
        assert zatlas(*place.train(mode))[0] == 0
        assert [file.read_text() for file in kept] == ["mine"] * len(kept)


def test_a_folder_with_hidden_files_alone_is_not_taken(
    place: Place, refused: Callable[..., str]
) -> None:
    place.put("mine/.archive.20231231/thesis.txt")
    assert "no run folder" in refused(*place.train(out="mine"))


def test_a_killed_writers_files_are_removed_and_links_of_that_name_are_not(
    place: Place, zatlas: Zatlas
) -> None:
    left = [place.put(f"run/{name}") for name in (
        ".config.zatlas-0a1b2c3d.tmp.yaml", "evidence/.atlas.zatlas-0a1b2c3d.tmp.json",
        "state/.000001-000000.zatlas-0a1b2c3d.tmp/tensors.safetensors",
    )]  # fmt: skip
    place.put("photos/one.jpg")
    link = place.link("run/.photos.zatlas-0a1b2c3d.tmp", place.folder / "photos")
    assert zatlas(*place.train("--resume"))[0] == 0
    assert not any(file.exists() for file in left)
    assert link.is_symlink()
    assert (place.folder / "photos" / "one.jpg").read_text() == "mine"


@pytest.mark.parametrize("mode", ["--resume", "--overwrite"])
@pytest.mark.parametrize("name", ["state", "evidence", "state/latest", "codes.npz", "config.yaml"])
def test_training_follows_no_link(
    name: str, mode: str, place: Place, refused: Callable[..., str]
) -> None:
    target = place.folder / "elsewhere" / "it"
    place.link(f"run/{name}", target)
    if target.is_dir():
        place.put("elsewhere/it/photos/one.jpg")
    line = refused(*place.train(mode))
    assert f"run/{name}: is a link" in line


@pytest.mark.parametrize("mode", ["--resume", "--overwrite"])
def test_what_bears_a_checkpoints_name_and_is_none_stays(
    mode: str, place: Place, refused: Callable[..., str]
) -> None:
    place.put("run/state/000002-000000/thesis.txt")
    assert "state/000002-000000: is no checkpoint" in refused(*place.train(mode))
    shutil.rmtree(place.run / "state" / "000002-000000")
    place.put("photos/one.jpg")
    place.link("run/state/000001-000000", place.folder / "photos")
    assert "state/000001-000000: is no checkpoint" in refused(*place.train(mode))


def test_overwrite_removes_the_run_alone(place: Place, zatlas: Zatlas) -> None:
    mine = place.put("run/state/keep/thesis.txt")
    place.put("run/names.yaml", "smile: 0")
    before = place.run / "state" / (place.run / "state" / "latest").read_text()
    assert before.is_dir()
    assert zatlas(*place.train("--overwrite"))[0] == 0
    assert not before.exists()
    assert not (place.run / "names.yaml").exists()
    assert mine.read_text() == "mine"


# What a run folder leads to


POINTERS = ("../../other/{name}", "{folder}/other/{name}", "../latest", "", "000009-000000",
            "latest", "{name}\0", "x" * 200)  # fmt: skip


@pytest.mark.parametrize("pointer", POINTERS)
def test_a_checkpoint_lies_in_the_run(
    pointer: str, place: Place, refused: Callable[..., str]
) -> None:
    latest = place.run / "state" / "latest"
    name = latest.read_text()
    shutil.copytree(place.run / "state" / name, place.folder / "other" / name)
    latest.write_text(pointer.format(name=name, folder=place.folder))
    line = refused(*place.train("--resume"))
    assert "state/latest: " in line


@pytest.mark.parametrize("file", ["tensors.safetensors", "best.safetensors", "position.json"])
def test_a_checkpoint_of_another_model_leaves_the_weights(
    file: str, place: Place, zatlas: Zatlas
) -> None:
    state = place.run / "state"
    here = state / (state / "latest").read_text()
    position = json.loads((here / "position.json").read_text())
    if file == "position.json":
        (here / file).write_text(json.dumps(position | {"epoch": 1}))
    else:
        weights = load_file(here / "tensors.safetensors")
        weights.pop(next(iter(weights)))
        save_file(weights, here / file)
    kept = (place.run / "model.safetensors").read_bytes()
    status, _, err = zatlas(*place.train("--resume"))
    assert status == 2
    assert "cannot be resumed from" in err
    assert "train anew with --overwrite" in err
    assert err.count("\n") == 1
    assert (place.run / "model.safetensors").read_bytes() == kept


OPENED = ("evidence", "evidence/reconstruction.json", "history.csv", "model.yaml", "names.yaml")


@pytest.mark.parametrize("name", OPENED)
def test_no_command_follows_a_link_out_of_the_run(
    name: str, place: Place, refused: Callable[..., str]
) -> None:
    if not (place.run / name).exists():
        place.put(f"run/{name}", "smile: 0")
    place.link(f"run/{name}", place.folder / "elsewhere" / "it")
    out = place.folder / "new.html"
    for command in (
        ["atlas", place.run, "--count", 20],
        ["report", place.run, "--out", out],
        ["edit", place.run, "z[0] = 1", "--images", place.valid, "--out", out.with_suffix(".png")],
        ["sample", place.run, "--out", out.with_suffix(".png")],
    ):
        assert f"run/{name}: is a link" in refused(*command)


def test_a_run_may_be_named_by_a_link(place: Place, zatlas: Zatlas) -> None:
    link = place.link("link", place.run)
    assert zatlas("sample", link, "--out", place.folder / "s.png")[0] == 0


# What a stranger's records name


@pytest.fixture
def private(place: Place) -> Path:
    """Pictures of the reader's own, of which nothing may come into a page."""
    np.save(place.folder / "private.npy", discs(40, seed=9))
    return place.folder / "private.npy"


def report(place: Place, zatlas: Zatlas) -> dict[str, Any]:
    """The sections of a report on the run, by their kinds."""
    status, _, err = zatlas("report", place.run, "--out", place.folder / "r.html", "--overwrite")
    assert (status, err) == (0, "")
    sections = json.loads((place.folder / "r.json").read_text())["runs"][0]["sections"]
    return {section["kind"]: section for section in sections}


def rewrite(file: Path, **keys: object) -> None:
    """Other values of some keys in a JSON record, or in each plate of edits; None removes."""
    record = json.loads(file.read_text())
    for one in record.get("plates", [record]):
        one.update(keys)
        for key in [key for key, value in keys.items() if value is None]:
            del one[key]
    file.write_text(json.dumps(record))


@pytest.mark.parametrize("fingerprint", [{}, {"fingerprint": None}, {"fingerprint": "0" * 64}])
def test_edits_of_a_private_file_are_not_drawn(
    fingerprint: dict[str, object], place: Place, zatlas: Zatlas, private: Path
) -> None:
    edit = ["edit", place.run, "z[0] = 1", "--images", place.images, "--count", 0]
    assert zatlas(*edit, "--out", place.folder / "p.png")[0] == 0
    rewrite(place.run / "evidence" / "edits.json", images=str(private), **fingerprint)
    found = report(place, zatlas)
    assert found["edits"]["plates"] == []
    assert "private.npy: " in "".join(found["limits"]["sentences"])
    assert "are not drawn" in (place.folder / "r.html").read_text()


@pytest.mark.parametrize("fingerprint", [{}, {"fingerprint": None}])
def test_edits_of_the_images_that_were_given_are_drawn_again(
    fingerprint: dict[str, object], place: Place, zatlas: Zatlas, private: Path
) -> None:
    for images in (place.images, place.valid, *([] if fingerprint else [private])):
        edit = ["edit", place.run, "z[0] = 1", "--images", images, "--count", 0]
        assert zatlas(*edit, "--out", place.folder / f"{images.stem}.png")[0] == 0
    if fingerprint:  # as zatlas 0.1.0 kept them
        rewrite(place.run / "evidence" / "edits.json", **fingerprint)
    assert len(report(place, zatlas)["edits"]["plates"]) == (2 if fingerprint else 3)


def test_an_atlas_of_a_private_file_is_not_drawn(
    place: Place, zatlas: Zatlas, refused: Callable[..., str], private: Path
) -> None:
    assert zatlas("atlas", place.run, "--count", 20, "--pages", 0)[0] == 0
    file = place.run / "evidence" / "atlas.json"
    for fingerprint in ({}, {"fingerprint": None}):
        rewrite(file, images=str(private), **fingerprint)
        assert "private.npy: " in refused("atlas", place.run, "--name", "0=x")
        found = report(place, zatlas)
        assert "elements" not in found
        assert "atlas is left out" in "".join(found["limits"]["sentences"])
    given = ["atlas", place.run, "--images", private, "--count", 20, "--pages", 1]
    assert zatlas(*given)[0] == 0


def test_a_configuration_that_names_a_private_file_is_refused(
    place: Place, refused: Callable[..., str], private: Path
) -> None:
    config = place.run / "config.yaml"
    for name in (place.images.name, place.valid.name):
        config.write_text(config.read_text().replace(name, private.name))
    out = place.folder / "r.html"
    for command in (["report", place.run, "--out", out], ["atlas", place.run, "--count", 20]):
        assert "private.npy: has changed" in refused(*command)


# What a command writes


def tables(out: Path) -> list[Path]:
    """An image set and its table."""
    return [out, out.with_suffix(".csv")]


def report_files(out: Path) -> list[Path]:
    """A page and what stands beside it."""
    return [out, out.with_suffix(".md"), out.with_suffix(".json"),
            out.with_name(f"{out.stem}_files") / "a.png"]  # fmt: skip


# each command that writes, its files, and the options that name them
Writer = Callable[[Place], tuple[list[Any], list[Path]]]
WRITERS: dict[str, Writer] = {
    "prepare": lambda p: (
        ["images", "prepare", p.images, p.folder / "o.npy"], tables(p.folder / "o.npy")),
    "render": lambda p: (
        ["images", "render", p.folder / "o.npy", "--count", 2], tables(p.folder / "o.npy")),
    "show": lambda p: (
        ["images", "show", p.images, "--out", p.folder / "o.png"], [p.folder / "o.png"]),
    "models list": lambda p: (
        ["models", "list", "--json", p.folder / "o.json"], [p.folder / "o.json"]),
    "models show": lambda p: (
        ["models", "show", "fcn-10", "--svg", p.folder / "o.svg", "--json", p.folder / "o.json"],
        [p.folder / "o.svg", p.folder / "o.json"]),
    "encode": lambda p: (
        ["encode", p.run, "--images", p.images, "--out", p.folder / "o.npz"],
        [p.folder / "o.npz"]),
    "edit": lambda p: (
        ["edit", p.run, "z[0] = 1", "--images", p.images, "--count", 0, "--out",
         p.folder / "o.png", "--json", p.folder / "o.json"],
        [p.folder / "o.png", p.folder / "o.json"]),
    "traverse": lambda p: (
        ["traverse", p.run, "--images", p.images, "--elements", "0", "--out", p.folder / "o.gif"],
        [p.folder / "o.gif"]),
    "interpolate": lambda p: (
        ["interpolate", p.run, "--images", p.images, "--index", "0,1", "--out",
         p.folder / "o.png"], [p.folder / "o.png"]),
    "sample": lambda p: (
        ["sample", p.run, "--count", 4, "--out", p.folder / "o.svg"], [p.folder / "o.svg"]),
    "atlas": lambda p: (
        ["atlas", p.run, "--count", 20, "--pages", 0, "--out", p.folder / "o.html", "--json",
         p.folder / "a.json"], [*report_files(p.folder / "o.html"), p.folder / "a.json"]),
    "atlas in its run": lambda p: (
        ["atlas", p.run, "--count", 20, "--pages", 0], report_files(p.run / "atlas.html")),
    "report": lambda p: (
        ["report", p.run, "--out", p.folder / "o.html"], report_files(p.folder / "o.html")),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_that_exists_is_written_over_when_it_is_said(
    name: str, place: Place, refused: Callable[..., str], zatlas: Zatlas
) -> None:
    command, files = WRITERS[name](place)
    for file in files:
        shown = file.parent if file.parent.name.endswith("_files") else file
        place.put(str(file.relative_to(place.folder)))
        line = refused(*command)
        assert f"{shown}: exists; give another name, or --overwrite" in line
        shutil.rmtree(shown) if shown.is_dir() else shown.unlink()
    files = [file for file in files if not file.parent.name.endswith("_files")]
    for file in files:
        for aim in (place.folder / "nowhere", place.put(f"elsewhere/{file.name}")):
            file.unlink(missing_ok=True)
            file.symlink_to(aim)
            assert "exists; give another name" in refused(*command)
    assert zatlas(*command, "--overwrite")[0] == 0
    for file in files:  # not through a link
        assert (place.folder / "elsewhere" / file.name).read_text() == "mine"
        assert not file.is_symlink()
    if name != "atlas in its run":
        assert "exists" in refused(*command)


def test_a_folder_of_pictures_that_is_a_link_is_not_written_through(
    place: Place, refused: Callable[..., str]
) -> None:
    (place.folder / "photos").mkdir()
    place.link("o_files", place.folder / "photos")
    command, _ = WRITERS["report"](place)
    for more in ([], ["--overwrite"]):
        assert "o_files: is no folder" in refused(*command, *more)


def test_the_atlas_in_its_run_is_made_again(place: Place, zatlas: Zatlas) -> None:
    command, files = WRITERS["atlas in its run"](place)
    mine = place.put("run/atlas_files.txt")
    assert zatlas(*command)[0] == 0
    other = place.put("run/atlas_files/mine.png")
    first = files[0].read_text()
    assert zatlas(*command, "--name", "0=x")[0] == 0
    assert files[0].read_text() != first
    assert (mine.read_text(), other.read_text()) == ("mine", "mine")


def inputs(p: Place) -> list[tuple[list[Any], Path]]:
    """Commands, each with an input of its own in the place of its output."""
    q = p.folder
    photo, picture = ["--images", q / "photos"], ["--images", q / "photo.png"]
    edit = ["edit", p.run, "z[0] = 1", "--count", 0]
    read, out = [*edit, "--images", p.images, "--out", q / "o.png", "--json"], q / "model.yaml"
    out.write_text(TINY.to_yaml())
    shutil.copy(p.images, q / "set.npz")
    return [
        (["images", "prepare", p.images], p.images),
        (["images", "prepare", q / "hard.npy"], p.images),
        (["images", "prepare", q / "soft.npy"], p.images),
        (["images", "show", q / "photo.png", "--out"], q / "photo.png"),
        (["images", "show", q / "photos", "--out"], q / "photos" / "0.png"),
        (["images", "show", q / "links", "--out"], q / "photos" / "0.png"),
        (["encode", p.run, "--images", q / "set.npz", "--out"], q / "set.npz"),
        (["encode", p.run, "--images", p.images, "--out"], p.run / "codes.npz"),
        ([*edit, *picture, "--out"], q / "photo.png"),
        ([*edit, *photo, "--out"], q / "photos" / "1.png"),
        (["traverse", p.run, "--elements", "0", *photo, "--out"], q / "photos" / "0.png"),
        (["interpolate", p.run, "--index", "0,1", *photo, "--out"], q / "photos" / "0.png"),
        ([*read], p.images),
        ([*read], p.images.with_suffix(".csv")),
        ([*read], p.run / "config.yaml"),
        ([*read], p.run / "model.safetensors"),
        ([*read], p.run / "state" / "latest"),
        ([*read], p.run / "evidence" / "edits.json"),
        ([*read], q / "o.png"),
        (["models", "show", out, "--json"], out),
        (["models", "show", out, "--svg", q / "o.svg", "--json"], q / "o.svg"),
        (["atlas", p.run, "--count", 20, "--json"], p.run / "evidence" / "atlas.json"),
        (["atlas", p.run, "--count", 20, "--json"], p.run / "atlas.md"),
        (["atlas", p.run, "--count", 20, "--json"], p.valid),
        (["train", "--epochs", 1, "--model", p.run / "model.yaml", "--images", p.images, "--out"],
         p.run),
        (["train", "--epochs", 1, "--model", out, "--images", p.run / "codes.npz", "--out"],
         p.run),
    ]  # fmt: skip


def test_an_output_that_is_an_input_is_refused(place: Place, refused: Callable[..., str]) -> None:
    pictures = discs(3)
    for name in ("photo.png", "photos/0.png", "photos/1.png"):
        (place.folder / name).parent.mkdir(exist_ok=True)
        Image.fromarray(pictures[0]).save(place.folder / name)
    (place.folder / "links").mkdir()
    place.link("links/a.png", place.folder / "photos" / "0.png")
    place.link("soft.npy", place.images)
    (place.folder / "hard.npy").hardlink_to(place.images)
    place.put("discs.csv", "a\n" + "1\n" * 120)
    for command, out in inputs(place):
        line = refused(*command, out, "--overwrite")
        assert f"{out}: is an input" in line or out == place.run, command


def test_examine_takes_no_folder_of_the_users(
    place: Place, zatlas: Zatlas, refused: Callable[..., str]
) -> None:
    model = place.folder / "model.yaml"
    model.write_text(TINY.to_yaml())
    base = ["examine", model, "z[0] = 1", "--epochs", 1, "--out", place.folder / "mine",
            "--crop", "0,0,8,8", "--count", 20]  # fmt: skip
    command = [*base, "--images", place.images]
    files = ("report.html", "report.md", "plate.png", "displays.png", "images.npy", "images.csv")
    for name in files:
        place.put(f"mine/{name}")
        for mode in ([], ["--resume"], ["--overwrite"]):
            assert "give another name" in refused(*command, *mode)
        (place.folder / "mine" / name).unlink()
    assert zatlas(*command)[0] == 0
    for name in files:
        kept = place.put(f"mine/{name}")
        assert f"{name}: exists" in refused(*command, "--resume")
        kept.unlink()
    assert zatlas(*command, "--resume")[0] == 0
    notes = place.put("mine/notes.md")
    again = [*base, "--images", place.folder / "mine" / "images.npy"]
    assert "images.npy: is an input" in refused(*again, "--overwrite")
    assert zatlas(*command, "--overwrite")[0] == 0
    assert notes.read_text() == "mine"


def test_a_demo_takes_no_folder_of_the_users(place: Place, refused: Callable[..., str]) -> None:
    place.put("mine/.hidden")
    assert "is not empty" in refused("demo", "--out", place.folder / "mine")


def test_python_is_told_of_arguments_and_the_command_line_of_options(
    place: Place, zatlas: Zatlas
) -> None:
    out = place.put("out=overwrite=True.png")
    with pytest.raises(InputError) as fault:
        check_output(out)
    assert str(fault.value) == f"out={out}: exists; give another name, or overwrite=True"
    _, _, err = zatlas("sample", place.run, "--out", out)
    assert err == f"zatlas: --out {out}: exists; give another name, or --overwrite\n"
    device = zatlas("models", "list", "--json", "/dev/null")[2]
    assert "/dev/null: is a device" in device


# All or nothing


@pytest.mark.parametrize("names", [None, "# mine\nsmile: 1\n"])
@pytest.mark.parametrize(
    "words",
    [["--name", "99=second"], ["--name", "1=first"], ["--name", "1= "], ["--name", "second"],
     ["--factors", "nowhere.csv"], ["--images", "nowhere.npy"], ["--out", "page.txt"],
     ["--json", "held-out.npy"]],
)  # fmt: skip
def test_names_are_kept_all_or_none(
    words: list[str], names: str | None, place: Place, refused: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(place.folder)
    if names:
        place.put("run/names.yaml", names)
    refused("atlas", place.run, "--count", 20, "--name", "0=first", *words)


def test_two_names_are_kept(place: Place, zatlas: Zatlas) -> None:
    names = ["--name", "0=first", "--name", "-1=last"]
    assert zatlas("atlas", place.run, "--count", 20, "--pages", 0, *names)[0] == 0
    assert (place.run / "names.yaml").read_text() == "first: 0\nlast: 3\n"


def test_a_run_without_its_model_is_not_gone_on_with(
    place: Place, refused: Callable[..., str]
) -> None:
    (place.run / "model.yaml").unlink()
    line = refused(*place.train("--resume", "--lr", 0.1))
    assert "run/model.yaml: missing" in line
    assert "--overwrite" in line
