"""Whatever is wrong in what a user gives: one line that names it and the mend, nothing harmed."""

import io
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from conftest import TINY, Zatlas, discs
from zatlas.run.run import Run

PASTED = Path(__file__).parent / "pasted"
Content = str | bytes | np.ndarray
Change = Content | Callable[[bytes], bytes] | None


@dataclass
class Place:
    """A folder with a run, the images it was trained on, and what a case puts beside them."""

    folder: Path
    run: Path
    images: Path
    valid: Path

    def put(self, name: str, content: Content = "") -> Path:
        """A new file; an array is saved as .npy."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, np.ndarray):
            np.save(file, content)
        else:
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def empty(self, name: str) -> Path:
        """A new folder."""
        (self.folder / name).mkdir()
        return self.folder / name

    def model(self, text: str = "") -> Path:
        """A model file; without a text, that of the run."""
        return self.put("model.yaml", text or TINY.to_yaml())

    def train(
        self, *words: object, model: object = "", images: object = "", out: object = "new"
    ) -> Any:
        return ["train", "--model", model or self.model(), "--images", images or self.images,
                "--out", self.folder / str(out), "--epochs", 1, *words]  # fmt: skip

    def again(self, *words: object, **other: object) -> Any:
        """The command that the run was made by."""
        return self.train("--valid", self.valid, "--epochs", 3, "--batch-size", 32, *words,
                          **{"out": self.run, **other})  # fmt: skip

    def edit(self, *words: object, images: object = "") -> list[Any]:
        return ["edit", self.run, "--images", images or self.images, "--out",
                self.folder / "p.png", *words]  # fmt: skip

    def traverse(self, *words: object) -> Any:
        return ["traverse", self.run, "--images", self.images, "--elements", "0", "--out",
                self.folder / "p.png", *words]  # fmt: skip

    def interpolate(self, *words: object) -> Any:
        return ["interpolate", self.run, "--images", self.images, "--index", "0,1", "--out",
                self.folder / "p.png", *words]  # fmt: skip

    def sample(self, *words: object) -> Any:
        return ["sample", self.run, "--out", self.folder / "p.png", *words]

    def report(self) -> Any:
        return ["report", self.run, "--out", self.folder / "r.html"]

    def prepare(self, source: object, *words: object, out: str = "o.npy") -> Any:
        return ["images", "prepare", source, self.folder / out, *words]

    def show(self, text: Content, name: str = "m.yaml") -> Any:
        return ["models", "show", self.put(name, text)]

    def examine(self, source: object, *words: object) -> Any:
        return ["examine", source, "--images", self.images, "--epochs", 1, "--out",
                self.folder / "ex", *words]  # fmt: skip

    def damage(self, name: str, content: Change) -> None:
        """Give a file of the run another content, or take it away."""
        file = self.run / name
        if content is None:
            file.unlink()
        else:
            kept = content(file.read_bytes()) if callable(content) else content
            self.put(str(file.relative_to(self.folder)), kept)


@pytest.fixture
def place(tmp_path: Path, tiny_run: Run) -> Place:
    run = shutil.copytree(tiny_run.path, tmp_path / "run")
    images, valid = (
        shutil.copy2(tiny_run.path.parent / name, tmp_path)
        for name in ("discs.npy", "held-out.npy")
    )
    return Place(tmp_path, run, Path(images), Path(valid))


@pytest.fixture
def refused(zatlas: Zatlas, tmp_path: Path) -> Callable[..., str]:
    """Run a command that must be refused, harming nothing; the line it is refused with."""

    def call(*args: object) -> str:
        before = contents(tmp_path)
        status, out, err = zatlas(*args)
        assert (status, "wrote" in out) == (2, False), err
        assert err.startswith("zatlas: ")
        assert err.count("\n") == 1, err
        assert len(err) < 2100
        for word in ("Traceback", "error in zatlas"):
            assert word not in err
        assert contents(tmp_path) == before
        return err

    return call


def contents(folder: Path) -> dict[Path, object]:
    """Every file with its size and time, every folder; hidden ones too."""
    stats = {path: path.stat() for path in folder.rglob("*")}
    return {p: (s.st_size, s.st_mtime_ns) if p.is_file() else None for p, s in stats.items()}


def npz(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def narrower(codes: bytes) -> bytes:
    """The statistics of a code of two elements."""
    arrays = dict(np.load(io.BytesIO(codes)))
    for name in ("mean", "sd", "quantiles", "covariance", "codes"):
        arrays[name] = arrays[name][..., :2]
    return npz(**arrays)


def without(key: str) -> Callable[[bytes], bytes]:
    """A YAML file that lacks a key."""

    def cut(text: bytes) -> bytes:
        data = yaml.safe_load(text)
        del data[key]
        return yaml.safe_dump(data).encode()

    return cut


def laughs(levels: int = 9) -> str:
    """A billion values in a few lines, each a list of nine times the one before."""
    lines = [f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * 9) + "]" for i in range(1, levels + 1)]
    return "\n".join(["a0: &a0 [x]", *lines, f"encoder: *a{levels}"])


FEW = discs(6)
ONE_PIXEL = np.arange(5, dtype=np.uint8).reshape(5, 1, 1, 1).repeat(3, axis=3)
NORM = "image: [3, 8, 8]\nencoder: ['Linear(192, 16)', 'BatchNorm1d(16)', 'Linear(16, 4)']\n"
HUGE = "Linear(192, 99000000)"

Case = tuple[Callable[[Place], list[Any]], list[str]]

IMAGES: dict[str, Case] = {
    "a name one letter off": (
        lambda p: p.train(images=p.folder / "disc.npy"), ["disc.npy: no such", "'discs.npy'"]),
    "no name": (lambda p: p.train("--images", ""), ["names no file"]),
    "a device": (lambda p: p.train("--images", "/dev/zero"), ["/dev/zero: is a device", "file"]),
    "an empty folder": (lambda p: p.train(images=p.empty("e")), ["e: no pictures in it"]),
    "a folder of texts": (
        lambda p: p.prepare(p.put("f/a.txt").parent), ["f: no pictures in it", ".png"]),
    "two axes": (lambda p: p.train(images=p.put("i.npy", FEW[0, :, :, 0])), ["i.npy", "(8, 8)"]),
    "five channels": (
        lambda p: p.train(images=p.put("i.npy", np.zeros((6, 8, 8, 5), np.uint8))),
        ["i.npy", "(6, 8, 8, 5)", "channels"]),
    "NaN": (
        lambda p: p.prepare(p.put("i.npy", np.where(FEW > 9, FEW / 255, np.nan))),
        ["i.npy: NaN", "picture 0"]),
    "floats outside the range": (
        lambda p: p.prepare(p.put("i.npy", FEW / 100), out="new/deep/o.npy"),
        ["i.npy: floats from 0", "[-1, 1]"]),
    "pickled objects": (
        lambda p: p.train(images=p.put("i.npy", np.array([{}, None]))), ["i.npy", "pickled"]),
    "pictures of one pixel": (
        lambda p: p.train(images=p.put("i.npy", ONE_PIXEL)), ["i.npy", "1x1", "2x2"]),
    "a .npy cut short": (
        lambda p: p.train(images=p.put("i.npy", p.images.read_bytes()[:-99])),
        ["i.npy: cut short"]),
    "grey for colour": (
        lambda p: p.train(images=p.put("i.npy", FEW[..., 0])), ["i.npy", "image: [1, 8, 8]"]),
    "colour for grey": (
        lambda p: p.train("--set", "image=[1, 8, 8]", "--set", "encoder=mlp(4)"),
        ["discs.npy", "--gray"]),
    "another size": (
        lambda p: p.edit("z[0] = 1", images=p.put("i.npy", discs(3, size=9))),
        ["i.npy: pictures of 9x9", "--to 8"]),
    "one image": (
        lambda p: p.train("--valid", p.valid, images=p.put("i.npy", FEW[:1])),
        ["i.npy: 1 image", "2 or more"]),
    "no image set to show": (
        lambda p: ["images", "show", p.put("a.txt", "x"), "--out", p.folder / "p.png"],
        ["a.txt: not a known source", ".npy"]),
    "a picture that is none": (
        lambda p: ["images", "show", p.put("a.png", "<html>"), "--out", p.folder / "p.png"],
        ["a.png", "web page"]),
    "OUT is the source": (
        lambda p: p.prepare(p.images, "--to", 4, out="discs.npy"),
        ["discs.npy: is an input", "another name"]),
    "OUT of another kind": (lambda p: p.prepare(p.images, out="o.png"), ["o.png", ".npy"]),
    "side 0": (lambda p: p.prepare(p.images, "--to", 0), ["--to 0", "--to 64"]),
    "two numbers for a crop": (lambda p: p.prepare(p.images, "--crop", "1,2"), ["--crop '1,2'"]),
    "a crop beyond the picture": (
        lambda p: p.prepare(p.images, "--crop", "0,0,9,9"),
        ["discs.npy", "too small for the crop"]),
    "a bad escape in a name": (
        lambda p: p.train(images="\x1b[31m\udcff.npy"), ["x1b[31m", "is not UTF-8"]),
    "an escape sequence in a name": (
        lambda p: p.train(images="\x1b[31m.npy"), ["[31m", "no such file"]),
}  # fmt: skip

MODELS: dict[str, Case] = {
    "a preset one letter off": (lambda p: p.train(model="vae-conv-46"), ["46", "'vae-conv-64'"]),
    "no such model file": (
        lambda p: ["models", "show", p.folder / "m.yaml"], ["m.yaml: no such", "models list"]),
    "a folder": (lambda p: ["models", "show", p.empty("m.yaml")], ["m.yaml", "directory"]),
    "a binary file": (lambda p: p.show(b"\x89PNG\xff\x00"), ["m.yaml: cannot be read as text"]),
    "an empty file": (lambda p: p.show(""), ["m.yaml: holds nothing", "encoder:"]),
    "a list": (lambda p: p.show("- encoder: mlp(4)"), ["m.yaml: holds a list", "keys"]),
    "an unknown key": (lambda p: p.show("encodr: mlp(4)"), ["'encodr'", "'encoder'"]),
    "a key given twice": (
        lambda p: p.show("encoder: mlp(4)\nencoder: mlp(5)"),
        ["m.yaml line 2", "'encoder' is given twice"]),
    "a tab": (lambda p: p.show("title: x\n\tencoder: y"), ["m.yaml line 2", r"'\t'"]),
    "a NUL": (lambda p: p.show("title: \0"), ["m.yaml", "special characters"]),
    "a billion laughs": (lambda p: p.show(laughs()), ["m.yaml line 2", "alias *a0 is not allowed"]),
    "a loop": (lambda p: p.show("encoder: &a [*a]"), ["m.yaml line 1", "alias *a is not allowed"]),
    "nested too deep": (lambda p: p.show("encoder: " + "[" * 9999), ["m.yaml", "nested too deep"]),
    "a number too long": (lambda p: p.show("title: " + "9" * 9999), ["m.yaml", "9999 digits"]),
    "a date that is none": (lambda p: p.show("title: 2020-99-99"), ["m.yaml", "month"]),
    "a tag that makes objects": (
        lambda p: p.show("title: !!python/object/apply:os.system [ls]"), ["line 1", "os.system"]),
    "two documents": (lambda p: p.show("title: x\n---\ntitle: y"), ["line 2", "another document"]),
    "a huge file": (lambda p: p.show("#" * 1_000_001), ["m.yaml: longer than 1,000,000"]),
    "an image without height": (
        lambda p: p.show("image: [3, 0, 8]\nencoder: mlp(4)"), ["image.1", "greater than 0"]),
    "a range without width": (
        lambda p: p.show("range: [1, 1]\nencoder: mlp(4)"), ["range: [1.0, 1.0]", "[-1, 1]"]),
    "kl without a Gaussian": (
        lambda p: p.train("--set", "objective.kl=exact"), ["kl needs", "bottleneck: gaussian"]),
    "bce of another range": (
        lambda p: p.train("--set", "objective.reconstruction=bce"), ["bce needs", "range: [0, 1]"]),
    "code with a syntax error": (
        lambda p: p.show("class A:\n  def __init__(self)\n", "n.py"), ["n.py line 2", "':'"]),
    "an empty paste": (lambda p: p.show("", "n.py"), ["n.py line 1", "paste a class"]),
    "a diagram of another kind": (
        lambda p: ["models", "show", "fcn-10", "--svg", p.model()], ["--svg", ".svg"]),
    "an unknown recipe": (lambda p: p.train("--recipe", "vea"), ["--recipe", "'vae'"]),
    "--set without a value": (lambda p: p.train("--set", "title"), ["--set 'title'", "KEY=VALUE"]),
    "--set of an unknown key": (
        lambda p: p.train("--set", "objective.kl_wieght=4"), ["kl_wieght", "'kl_weight'"]),
    "--set below a value": (
        lambda p: p.train("--set", "title.x=1"), ["title.x", "did you mean 'title'"]),
    "--set of no YAML": (
        lambda p: p.train("--set", "objective.kl_weight=[1"), ["kl_weight=[1", "YAML"]),
    "--set of a term that is not there": (
        lambda p: p.train("--set", "objective.kl.weight=4"), ["kl.weight", "no term kl", "mse"]),
    "an unknown parameter of a term": (
        lambda p: p.train("--set", "objective.mse.wieght=4"), ["mse.wieght", "'weight'"]),
    "an unknown term": (
        lambda p: p.show("encoder: mlp(4)\nobjective: [mes()]"), ["objective term 0", "'mse'"]),
    "half a term": (
        lambda p: p.show("encoder: mlp(4)\nobjective: [mse(]"),
        ["objective term 0", "a term reads like kl(weight=4)"]),
    "an endless weight": (
        lambda p: p.train("--set", "objective.mse.weight=.inf"), ["mse.weight", "finite"]),
    "--scale 0": (lambda p: p.train("--scale", 0), ["--scale 0", "above 0"]),
    "--scale nan": (lambda p: p.train("--scale", "nan"), ["--scale nan", "above 0"]),
    "--scale -1": (lambda p: p.train("--scale", -1), ["--scale -1", "above 0"]),
    "too wide for the memory": (lambda p: p.train("--scale", 1e8), ["parameters", "narrower"]),
    "too wide to count": (lambda p: p.train("--scale", 1e300), ["Linear(192, 16", "too large"]),
}  # fmt: skip

SETTINGS: dict[str, Case] = {
    "--epochs 0": (lambda p: p.train("--epochs", 0), ["--epochs 0", "1"]),
    "--batch-size 0": (lambda p: p.train("--batch-size", 0), ["--batch-size 0", "1"]),
    "--batch-size 1 with a norm": (
        lambda p: p.train("--batch-size", 1, model=p.model(NORM)),
        ["--batch-size 1", "layer 1 BatchNorm1d(16)", "2 or more"]),
    "--lr nan": (lambda p: p.train("--lr", "nan"), ["--lr nan", "finite"]),
    "--precision fp8": (lambda p: p.train("--precision", "fp8"), ["--precision 'fp8'", "bf16"]),
    "--patience 0": (lambda p: p.train("--patience", 0), ["--patience 0", "1"]),
    "--seed -1": (lambda p: p.train("--seed", -1), ["--seed -1", "0"]),
    "--seed -1 of a sample": (lambda p: p.sample("--seed", -1), ["--seed", "-1", "x>=0"]),
    "--valid 0": (lambda p: p.train("--valid", 0), ["--valid 0", "between 0 and 1"]),
    "--valid 1": (lambda p: p.train("--valid", 1), ["--valid 1", "between 0 and 1"]),
    "--valid 2": (lambda p: p.train("--valid", 2), ["--valid 2", "between 0 and 1"]),
    "--valid nan": (lambda p: p.train("--valid", "nan"), ["--valid nan", "between 0 and 1"]),
    "--valid of no file": (lambda p: p.train("--valid", p.folder / "v.npy"), ["v.npy: no such"]),
    "--valid of another size": (
        lambda p: p.train("--valid", p.put("v.npy", discs(5, size=9))), ["v.npy", "9x9", "--to 8"]),
    "RUN exists": (lambda p: p.again(), ["run: exists", "--resume", "--overwrite"]),
    "--resume and --overwrite": (
        lambda p: p.again("--resume", "--overwrite"), ["--resume and --overwrite", "one of them"]),
    "RUN is a foreign folder": (
        lambda p: p.train("--overwrite", out=p.put("mine/thesis.txt").parent), ["mine", "no run"]),
    "RUN is a project with a config.yaml": (
        lambda p: p.train("--overwrite", out=p.put("mine/config.yaml", "a: 1").parent),
        ["mine/config.yaml", "no configuration of a run"]),
    "RUN is a file": (lambda p: p.train("--overwrite", out=p.put("f")), ["f: exists", "no run"]),
    "RUN is nothing": (lambda p: p.train("--out", ""), ["--out", "no run folder"]),
    "--overwrite by a model too wide": (
        lambda p: p.again("--overwrite", "--set", f"encoder=['{HUGE}', 'Linear(99000000, 4)']"),
        ["parameters", "narrower"]),
    "--resume with another model": (
        lambda p: p.again("--resume", "--set", "title=Other"), ["--resume", "a different model"]),
    "--resume with other images": (
        lambda p: p.again("--resume", images=p.put("i.npy", FEW)), ["--resume", "images differ"]),
    "--resume with other held-out images": (
        lambda p: p.again("--resume", "--valid", "0.5"), ["--resume", "valid differ"]),
    "--resume with another batch size": (
        lambda p: p.again("--resume", "--batch-size", 16),
        ["began with --batch-size 32, and --batch-size 16"]),
}  # fmt: skip

LATENTS: dict[str, Case] = {
    "an index beyond the code": (lambda p: p.edit("z[4] += 1"), ["index 4", "4 elements"]),
    "a negative index beyond it": (lambda p: p.edit("z[-5] += 1"), ["index -5", "-4 to 3"]),
    "a negative image beyond": (
        lambda p: p.edit("z[0] = 1", "--index", -121), ["--index -121", "120 images"]),
    "no index": (lambda p: p.edit("z[0] = 1", "--index", ""), ["--index ''", "0,5"]),
    "half a list": (lambda p: p.edit("z[0] = 1", "--index", "1,"), ["--index '1,'", "0,5"]),
    "a number without end": (lambda p: p.edit("z[0] = 1", "--index", "9" * 9999), ["--index '99"]),
    "a name that nobody gave": (lambda p: p.edit('z["smile"] += 1'), ["'smile'", "--name 0="]),
    "beyond float32": (lambda p: p.edit("z[1] = 3e38; z[1] *= 9"), ["z[1] is beyond", "3.4e38"]),
    "a quantile beyond 1": (lambda p: p.edit("z[0] = q(2)"), ["q(2)", "q(0.02)"]),
    "--json that cannot be written": (
        lambda p: p.edit("z[0] = 1", "--json", p.valid / "a.json"), ["a.json: cannot be written"]),
    "--steps 0": (lambda p: p.traverse("--steps", 0), ["--steps 0", "odd"]),
    "--steps 1": (lambda p: p.traverse("--steps", 1), ["--steps 1", "odd"]),
    "--steps 2": (lambda p: p.traverse("--steps", 2), ["--steps 2", "odd"]),
    "--steps 1 between two": (lambda p: p.interpolate("--steps", 1), ["--steps 1", "2 or more"]),
    "--steps 1000": (lambda p: p.interpolate("--steps", 1000), ["--steps", "1000", "x<=999"]),
    "--span nan": (lambda p: p.traverse("--span", "nan"), ["--span nan", "above 0"]),
    "no element": (lambda p: p.traverse("--elements", ""), ["--elements ''", "0,5"]),
    "one image to interpolate": (lambda p: p.interpolate("--index", 1), ["--index '1'", "give 2"]),
    "three images": (lambda p: p.interpolate("--index", "0,1,2"), ["--index '0,1,2'", "give 2"]),
    "--count 0": (lambda p: p.sample("--count", 0), ["--count", "0"]),
    "--count 5000": (lambda p: p.sample("--count", 5000), ["--count", "5000", "4096"]),
    "an unknown sampler": (lambda p: p.sample("--sampler", "prier"), ["'prier'", "mixture"]),
    "--out of another kind": (lambda p: p.sample("--out", p.folder / "s.jpg"), ["s.jpg", ".png"]),
    "--out is a folder": (lambda p: p.sample("--out", p.empty("s.png")), ["s.png: is a folder"]),
    "--out is the run's own": (
        lambda p: ["encode", p.run, "--images", p.images, "--out", p.run / "codes.npz"],
        ["codes.npz: is an input", "another name"]),
    "a report on no run": (
        lambda p: ["report", p.empty("x"), "--out", p.folder / "r.html"], ["x: is no run folder"]),
    "a report as text": (
        lambda p: ["report", p.run, "--out", p.folder / "r.txt"], ["--out", "r.txt", ".html"]),
    "a report over a page of the user's": (
        lambda p: ["report", p.run, "--out", p.put("r.md").with_suffix(".html")], ["r.md: exists"]),
    "demo where something is": (
        lambda p: ["demo", "--out", p.put("mine/x").parent], ["mine: exists and is not empty"]),
    "demo on a file": (lambda p: ["demo", "--out", p.put("mine")], ["mine: cannot be written"]),
}  # fmt: skip

EXAMINE: dict[str, Case] = {
    "R1b, both faults": (
        lambda p: p.examine(PASTED / "R1b.py"),
        ["layer 8 Linear(12, 3)", "layer 6 Linear(64, 32)", "in_features as 32",
         "layer 2 Linear(32, 64)", "layer 0 Linear(3, 12)", "in_features as 12"]),
    "R1c, both faults": (
        lambda p: p.examine(PASTED / "R1c.py"),
        ["layer 8 Linear(12, 3)", "layer 6 Linear(64, 32)", "in_features as 32",
         "layer 2 Linear(32, 64)", "layer 0 Linear(3, 12)", "in_features as 12"]),
    "R1d, which halves where it should double": (
        lambda p: p.examine(PASTED / "R1d.py"),
        ["3x16x16", "3x64x64", "layer 0 Conv2d", "ConvTranspose2d(512, 256, 4"]),
    "an edit beyond the code": (lambda p: p.examine(p.model(), "z[9] += 1"), ["index 9"]),
    "an unknown name": (lambda p: p.examine(p.model(), 'z["a"] += 1'), ["'a'", "--name 0="]),
    "an image beyond the held-out": (
        lambda p: p.examine(p.model(), "z[0] = 1", "--index", 12), ["--index 12", "12 held-out"]),
    "three numbers for a crop": (
        lambda p: p.examine(p.model(), "--crop", "1,2,3"), ["--crop '1,2,3'", "HEIGHT"]),
    "a folder of someone": (
        lambda p: p.examine(p.model(), "--out", p.put("mine/x").parent), ["mine: is not empty"]),
}  # fmt: skip

CASES = IMAGES | MODELS | SETTINGS | LATENTS | EXAMINE


@pytest.mark.parametrize("name", CASES)
def test_a_fault_is_named_in_one_line(name: str, place: Place, refused: Callable[..., str]) -> None:
    command, words = CASES[name]
    line = refused(*command(place))
    for word in words:
        assert word in line


def edit(place: Place) -> list[Any]:
    return place.edit("z[0] = 1")


def named_edit(place: Place) -> list[Any]:
    return place.edit('z["smile"] += 1')


WEIGHTS, MEASURED = "model.safetensors", "evidence/reconstruction.json"

# a file of the run, what becomes of it, the command that meets it, words of the line
DAMAGES: list[tuple[str, Change, Callable[[Place], list[Any]], list[str]]] = [
    (WEIGHTS, lambda b: b[: len(b) // 2], edit, [f"{WEIGHTS}: holds no weights", "train again"]),
    (WEIGHTS, b"garbage" * 99, edit, [f"{WEIGHTS}: holds no weights", "train again"]),
    (WEIGHTS, b"", edit, [f"{WEIGHTS}: holds no weights", "train again"]),
    (WEIGHTS, None, edit, [f"{WEIGHTS}: missing", "--resume"]),
    ("model.yaml", None, edit, ["model.yaml: missing", "--resume"]),
    ("model.yaml", b"\xff\x00", edit, ["model.yaml: cannot be read as text"]),
    ("model.yaml", lambda b: b.replace(b"16", b"17"), edit, [f"{WEIGHTS}: holds", "size mismatch"]),
    ("config.yaml", None, edit, ["run: is no run folder", "no config.yaml"]),
    ("config.yaml", lambda b: b[: b.index(b"count")], edit, ["config.yaml: images.count", "cut"]),
    ("config.yaml", without("computing"), edit, ["config.yaml: computing", "copy it anew"]),
    ("config.yaml", "format: 99\nversions: {zatlas: 9.1}", edit, ["newer zatlas, 9.1", "upgrade"]),
    ("codes.npz", None, edit, ["codes.npz: missing", "train"]),
    ("codes.npz", b"garbage" * 99, edit, ["codes.npz: holds no", "complete .npz", "train again"]),
    ("codes.npz", lambda b: b[:-700], edit, ["codes.npz: holds no", "complete .npz", "again"]),
    ("codes.npz", lambda b: b[:900] + bytes(99) + b[999:], edit, ["codes.npz: holds no", "again"]),
    ("codes.npz", npz(codes=np.zeros((3, 4))), Place.sample, ["codes.npz: holds no", "again"]),
    ("codes.npz", narrower, Place.sample, ["codes.npz: holds no statistics of 4", "(2,)"]),
    ("names.yaml", "{", named_edit, ["names.yaml line 1", "YAML"]),
    ("names.yaml", "[smile]", named_edit, ["names.yaml: holds no names", "smile: 0"]),
    ("names.yaml", "smile: 4", named_edit, ["names.yaml: 'smile' is 4", "-4 to 3"]),
    ("names.yaml", "smile: [1, 2]", named_edit, ["names.yaml: 'smile' is [1, 2]", "4 numbers"]),
    ("names.yaml", "smile: [0, 0, 0, 0]", named_edit, ["names.yaml: 'smile'", "4 numbers"]),
    ("names.yaml", "smiles: 0", named_edit, ["'smile'", "did you mean 'smiles'"]),
    ("evidence/edits.json", "{", edit, ["edits.json: is not JSON", "remove it"]),
    ("evidence/edits.json", "[1]", edit, ["edits.json: was not written by zatlas", "remove it"]),
    (MEASURED, "[" * 99999, Place.report, [f"{MEASURED}: is not JSON", "--resume"]),
    (MEASURED, "[]", Place.report, [f"{MEASURED}: was not written by zatlas", "--resume"]),
    (MEASURED, None, Place.report, [f"{MEASURED}: missing", "--resume"]),
    ("history.csv", None, Place.report, ["history.csv: missing"]),
    ("history.csv", "", Place.report, ["history.csv: is no history", "train again"]),
    ("history.csv", "epoch,train_loss\n1,x\n", Place.report, ["history.csv: is no history", "'x'"]),
    ("history.csv", "epoch,seconds\n1,2\n", Place.report, ["history.csv: is no", "train_loss"]),
]


@pytest.mark.parametrize("case", DAMAGES, ids=lambda case: f"{case[0]}: {str(case[1])[:20]!r}")
def test_a_damaged_run_says_what_to_do(
    case: Any, place: Place, refused: Callable[..., str]
) -> None:
    name, content, command, words = case
    place.damage(name, content)
    line = refused(*command(place))
    for word in words:
        assert word in line


def test_a_damaged_checkpoint_is_not_gone_on_with(place: Place, zatlas: Zatlas) -> None:
    place.damage("state/latest", "000009-000000")
    kept = (place.run / "model.safetensors").read_bytes()
    status, _, err = zatlas(*place.again("--resume"))
    assert status == 2
    assert err.count("\n") == 1
    for word in ("state", "cannot be resumed from", "--overwrite"):
        assert word in err
    assert (place.run / "model.safetensors").read_bytes() == kept


def test_a_run_that_was_damaged_is_measured_again_by_resume(place: Place, zatlas: Zatlas) -> None:
    for name in ("evidence/reconstruction.json", "codes.npz", "model.safetensors"):
        place.damage(name, b"garbage")
    assert zatlas(*place.again("--resume"))[0] == 0
    assert zatlas(*edit(place))[0] == 0


def test_overwrite_leaves_what_is_not_the_runs(place: Place, zatlas: Zatlas) -> None:
    place.put("run/thoughts.txt", "mine")
    place.put("run/names.yaml", "smile: 0")
    assert zatlas(*place.again("--overwrite", "--seed", 5))[0] == 0
    assert (place.run / "thoughts.txt").read_text() == "mine"
    assert not (place.run / "names.yaml").exists()  # another seed has another order of elements


def test_pictures_too_small_for_a_measure_have_none(place: Place, zatlas: Zatlas) -> None:
    small = place.put("s.npy", discs(30, size=4))
    model = place.model("image: [3, 4, 4]\nencoder: mlp(4)\n")
    status, out, err = zatlas(*place.train(model=model, images=small))
    assert (status, err) == (0, "")
    assert "held-out psnr" in out
    assert "ssim" not in out


# Places that cannot be written


def writers(place: Place, out: Path) -> list[list[Any]]:
    """A command of each kind that writes, its target below ``out``."""
    return [
        ["images", "prepare", place.images, out / "o.npy"],
        place.train("--out", out / "run"),
        [*place.edit("z[0] = 1"), "--out", out / "p.png"],
        ["report", place.run, "--out", out / "r.html"],
        ["encode", place.run, "--images", place.images, "--out", out / "c.npz"],
        ["demo", "--out", out / "demo"],
        ["examine", place.model(), "--images", place.images, "--out", out / "ex"],
        ["models", "show", "fcn-10", "--svg", out / "d.svg"],
    ]


@pytest.fixture(scope="module")
def mounted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Path]]:
    """Mount a small file system in memory; skip where that is not allowed."""
    made: list[Path] = []

    def mount(options: str) -> Path:
        target = tmp_path_factory.mktemp("mounted")
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(target)]
        try:
            done = subprocess.run(command, capture_output=True, check=False)
        except FileNotFoundError:
            pytest.skip("there is no mount on this machine")
        if done.returncode:
            pytest.skip("mounting a small file system needs root")
        made.append(target)
        return target

    yield mount
    for target in made:
        subprocess.run(["umount", "-l", str(target)], check=False)


def test_a_place_below_a_file(place: Place, refused: Callable[..., str]) -> None:
    for command in writers(place, place.valid / "x"):
        line = refused(*command)
        assert str(place.valid / "x") in line
        assert "give another place" in line


def test_a_read_only_place(
    place: Place, refused: Callable[..., str], mounted: Callable[..., Path]
) -> None:
    out = mounted("ro,size=1m")
    for command in writers(place, out):
        line = refused(*command)
        assert str(out) in line
        assert "Read-only" in line
        assert "give another place" in line


def test_a_full_place_is_left_empty(
    place: Place, refused: Callable[..., str], mounted: Callable[..., Path]
) -> None:
    out = mounted("size=4k")
    (out / "full").write_bytes(bytes(4096))
    for command in writers(place, out)[:4]:
        line = refused(*command)
        assert str(out) in line
        assert "free some space" in line
        assert [path.name for path in out.rglob("*")] == ["full"]


def test_a_place_that_fills_up_while_training(
    place: Place, zatlas: Zatlas, mounted: Callable[..., Path]
) -> None:
    out = mounted("size=32k")
    command = place.train("--out", out / "run")
    status, _, err = zatlas(*command)
    assert status == 2
    assert err.count("\n") == 1
    assert "free some space" in err
    assert not list(out.rglob(".*"))
    subprocess.run(["mount", "-o", "remount,size=2m", str(out)], check=True)
    assert zatlas(*command, "--resume")[0] == 0
    assert (out / "run" / "evidence" / "reconstruction.json").exists()


@pytest.mark.long
def test_ctrl_c_leaves_a_run_that_goes_on(place: Place, zatlas: Zatlas) -> None:
    command = [str(word) for word in place.train("--epochs", 60)]
    process = subprocess.Popen(
        [sys.executable, "-m", "zatlas", *command], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    history = place.folder / "new" / "history.csv"
    patience = time.monotonic() + 60
    while not history.exists() and time.monotonic() < patience:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.startswith(f"zatlas: {place.folder / 'new'}: stopped ")
    assert "The same command with --resume continues the training." in err
    assert not list(history.parent.rglob(".*"))
    assert len(history.read_text().splitlines()) < 61
    assert zatlas(*command, "--resume")[0] == 0
    assert len(history.read_text().splitlines()) == 61
