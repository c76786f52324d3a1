"""Usage A5: every command that a figure or a page prints gives the same numbers again."""

import hashlib
import json
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from conftest import TINY, discs
from zatlas.cli.program import main

PASTED = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(192, 16), nn.ReLU(), nn.Linear(16, 4))
        self.decoder = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 192), nn.Tanh())

    def forward(self, x):
        return self.decoder(self.encoder(x))
"""
IMAGES = "--images discs.npy"
MADE = [  # in their order, in one folder
    f"zatlas train --model tiny.yaml {IMAGES} --valid 0.3 --epochs 2 --out runs/a",
    f"zatlas train --model tiny.yaml {IMAGES} --valid 0.3 --epochs 2 --out runs/b --seed 1",
    f"zatlas train --model tiny.yaml {IMAGES} --valid held-out.npy --epochs 1 --out runs/plain",
    "zatlas atlas runs/a --factors labels.csv --runs runs/b --pages 1",
    f"zatlas atlas runs/b {IMAGES} --count 40 --seed 3 --pages 1 --out elsewhere.html",
    "zatlas atlas runs/plain --count 19 --pages 1",
    f"zatlas edit runs/a 'z[0] *= 2' 'z[1] += 2*sd' {IMAGES} --index 0,3 --count 30 --out p.png"
    " --json p.json",
    f"zatlas traverse runs/a {IMAGES} --index 2 --elements 0,3 --out t.png",
    f"zatlas traverse runs/a {IMAGES} --index 0-1 --elements all --steps 3 --out many.png",
    f"zatlas interpolate runs/a {IMAGES} --index 0,5 --spherical --steps 5 --out i.png",
    "zatlas sample runs/a --count 9 --seed 4 --out s.png",
    f"zatlas examine net.py 'z[1] *= 3' --says 'element 1 makes it lighter' {IMAGES} --valid 0.3"
    " --count 20 --epochs 1 --out seen",
    "zatlas examine runs/b 'z[0] += 1*sd' --says 'element 0 makes it darker' --index 0,2"
    " --count 20 --out told",
    "zatlas report runs/a --out report.html",
    "zatlas report runs/a runs/plain --out two.html",
]
PAGES = ["runs/a/atlas.md", "elsewhere.md", "runs/plain/atlas.md", "seen/report.md",
         "told/report.md", "report.md", "two.md"]  # fmt: skip
Remade = Callable[[str], Path]


def run(command: str, patch: pytest.MonkeyPatch) -> None:
    words = shlex.split(command)
    patch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as left:
        main(words[1:])
    assert left.value.code == 0, command


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which every command of ``MADE`` was given."""
    folder = tmp_path_factory.mktemp("made")
    images = discs(120)
    np.save(folder / "discs.npy", images)
    np.save(folder / "held-out.npy", discs(40, seed=1))
    (folder / "net.py").write_text(PASTED)
    (folder / "tiny.yaml").write_text(TINY.to_yaml())
    labels = [f"{picture.mean():.2f}" for picture in images]
    (folder / "labels.csv").write_text("\n".join(["brightness", *labels]))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for command in MADE:
            run(command, patch)
        yield folder


@pytest.fixture(scope="module")
def remade(made: Path) -> Remade:
    """Give a command again in a copy of the folder, from which its outputs were removed."""

    @cache
    def again(command: str) -> Path:
        copy = Path(f"{made}-{hashlib.sha256(command.encode()).hexdigest()[:8]}")
        shutil.copytree(made, copy)
        for out in re.findall(r"--(?:out|json) (\S+)", command):
            stem = out.removesuffix(".html")
            for path in (copy / name for name in (out, f"{stem}.md", f"{stem}.json")):
                path.unlink(missing_ok=True) if path.is_file() else None
            for path in (copy / out, copy / f"{stem}_files"):
                shutil.rmtree(path, ignore_errors=True)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(copy)
            run(command, patch)
        return copy

    return again


def printed(page: Path) -> list[str]:
    """The commands in the Markdown of a page; the HTML is written from the same sections.

    What to do next is left out: it makes something new.
    """
    text = page.read_text(encoding="utf-8").replace("## What to do next", "\0")
    blocks = re.findall(r"```+sh\n(.*?)\n```+", re.sub(r"\0.*?(?=\n# |\Z)", "", text, flags=re.S),
                        re.S)  # fmt: skip
    return [line for block in blocks for line in block.splitlines()]


def numbers(file: Path) -> object:
    """A JSON record without the time that training took."""

    def untimed(value: object) -> object:
        if isinstance(value, list):
            return [untimed(item) for item in value]
        if isinstance(value, dict):
            timed = {"seconds", "images_per_second", "duration"}
            timed |= {"value"} if value.get("label") == "training time" else set()
            return {key: untimed(item) for key, item in value.items() if key not in timed}
        return value

    return untimed(json.loads(file.read_text(encoding="utf-8")))


@pytest.mark.long
def test_every_page_prints_commands(made: Path) -> None:
    for page in PAGES:
        assert printed(made / page), page
        html = (made / page).with_suffix(".html").read_text(encoding="utf-8")
        assert html.count("zatlas ") >= len(printed(made / page))
    kinds = {shlex.split(command)[1] for page in PAGES for command in printed(made / page)}
    assert kinds == {"atlas", "edit", "examine", "models", "report", "train", "traverse"}


def section(page: Path, kind: str) -> Any:
    """The records of a kind of section in the JSON of a page, with the hashes of its pictures."""
    runs: Any = numbers(page.with_suffix(".json"))
    found = [one for each in runs["runs"] for one in each["sections"] if one["kind"] == kind]
    for one in found:
        for name, file in one["pictures"].items():
            one["pictures"][name] = hashlib.sha256((page.parent / file).read_bytes()).hexdigest()
    return found


def held(picture: Path, part: Path) -> bool:
    """Whether a figure has the rows of another one, which has no title and no command."""
    whole, inner = (np.asarray(Image.open(file).convert("RGB")) for file in (picture, part))
    inner = inner[slice(*np.flatnonzero(np.any(inner != inner[0, 0], axis=(1, 2)))[[0, -1]])]
    places = range(len(whole) - len(inner) + 1)
    return any(np.array_equal(whole[top : top + len(inner)], inner) for top in places)


def same_file(copy: Path, made: Path, file: str) -> None:
    if file.endswith(".json"):
        assert numbers(copy / file) == numbers(made / file)
    else:
        assert (copy / file).read_bytes() == (made / file).read_bytes()


def same_report(page: Path, again: Path) -> None:
    """Its runs and sections stand on the page, which may have more."""
    for name in ("data", "architecture", "training", "reconstruction", "edits", "traversals",
                 "atlas", "elements"):  # fmt: skip
        assert section(page, name) == section(again, name)


@pytest.mark.long
@pytest.mark.parametrize("page", PAGES)
def test_commands_on_a_page_give_the_same_numbers(page: str, made: Path, remade: Remade) -> None:
    for command in printed(made / page):
        words = shlex.split(command)
        copy, out = remade(command), words[words.index("--out") + 1] if "--out" in words else ""
        if words[1] == "atlas" and out:
            assert section(copy / out, "atlas") == section(made / page, "atlas")
        elif words[1] == "atlas":
            same_file(copy, made, f"{words[2]}/evidence/atlas.json")
        elif words[1] == "train":
            same_file(copy, made, f"{out}/model.safetensors")
        elif words[1] == "examine":
            trained = ["run/model.safetensors"] if (made / out / "run").exists() else []
            for file in ("plate.png", "displays.png", "report.json", *trained):
                same_file(copy, made, f"{out}/{file}")
        elif words[1] == "report":
            same_report(made / page, copy / out)
        elif words[1] == "edit":
            measured = json.loads((copy / words[2] / "evidence" / "edits.json").read_text())
            plates = [plate for one in section(made / page, "edits") for plate in one["plates"]]
            (plate,) = [plate for plate in plates if plate["command"] == command]
            asked = [edit.get("measured") is not None for edit in plate["edits"]]
            for edit, again in zip(plate["edits"], measured["plates"][-1]["edits"], strict=True):
                assert edit["elements"] == again["elements"]
                assert edit["measured"] in (None, again["measured"])
            assert all(asked) or "--count" not in command
        elif words[1] == "traverse":
            place = [one["strips"][0]["command"] for one in section(made / page, "traversals")]
            strip = f"run-{place.index(command)}-traversals-strip-0.png"
            assert held(copy / out, (made / page).with_suffix("").with_name(
                f"{Path(page).stem}_files") / strip)  # fmt: skip
        else:
            assert words[1] == "models", command


@pytest.mark.long
@pytest.mark.parametrize("command", [one for one in MADE if ".png" in one])
def test_a_figure_is_drawn_again_by_the_command_below_it(
    command: str, made: Path, remade: Remade
) -> None:
    out = re.findall(r"--out (\S+)", command)[0]
    assert (remade(command) / out).read_bytes() == (made / out).read_bytes()
