"""What the README says works as it stands there."""

import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import discs
from zatlas.cli.program import main
from zatlas.models.model_file import parse_model

TEXT = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.S)


def test_pictures_and_pages_that_it_names_are_there() -> None:
    root = Path(__file__).parents[1]
    named = re.findall(r"\]\((?!http)([^)]+)\)", TEXT)
    assert named
    for name in named:
        assert (root / name).is_file(), name


def test_the_model_file_is_one() -> None:
    (text,) = blocks("yaml")
    assert parse_model(text, "README").architecture().latent == 10


@pytest.mark.long
def test_every_command_and_the_python_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    from PIL import Image

    pictures = discs(200, size=64)
    rows = [f"{picture.mean():.2f}" for picture in pictures]
    Path("labels.csv").write_text("\n".join(["yaw", *rows]))
    for i, picture in enumerate(pictures):
        Image.fromarray(picture).save(f"photos/{i:03}.png")
    for folder, some in {"with-glasses": pictures[:20], "without-glasses": pictures[20:40]}.items():
        Path(folder).mkdir()
        for i, picture in enumerate(some):
            Image.fromarray(picture).save(f"{folder}/{i:03}.png")
    Path("words.md").write_text("My own words.")
    Path("my-model.yaml").write_text(blocks("yaml")[0])
    lines = [line for block in blocks("bash") for line in block.splitlines()]
    commands = [shlex.split(line, comments=True) for line in lines if line.startswith("zatlas")]
    assert len(commands) >= 10
    for words in commands:
        if words[1] == "train":
            words += ["--epochs", "2"]
        if words[1] in ("atlas", "edit"):
            words += ["--count", "20"]
        if words[1] == "atlas":
            words += ["--pages", "1"]
        monkeypatch.setattr("sys.argv", words)
        with pytest.raises(SystemExit) as left:
            main(words[1:])
        assert left.value.code == 0, words
    (code,) = blocks("python")
    names: dict[str, Any] = {}
    exec(code, names)  # our own README, not a user's words
    assert np.shape(names["pictures"]) == (8, 64, 64, 3)
    assert {"element", "property", "mean", "low", "high"} <= {*names["rows"][0]}
    for file in ("element-3.png", "plate-2.png", "seen/report.html", "runs/a/evidence/atlas.json"):
        assert Path(file).is_file(), file
