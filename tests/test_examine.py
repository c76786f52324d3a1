"""``zatlas examine``: pasted code and typed edits in, plates and a report out."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from conftest import discs
from zatlas.cli.program import main

SOURCE = """
import torch.nn as nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64 * 64 * 3, 8), nn.ReLU(), nn.Linear(8, 3))
        self.decoder = nn.Sequential(nn.Linear(3, 12288), nn.Tanh())
"""


def examine(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    args = ["examine", *map(str, words)]
    monkeypatch.setattr("sys.argv", ["zatlas", *args])
    with pytest.raises(SystemExit) as left:
        main(args)
    return int(left.value.code or 0)


def test_the_whole_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "net.py").write_text(SOURCE)
    np.save(tmp_path / "faces.npy", discs(60, size=64))
    out = tmp_path / "out"
    status = examine(
        monkeypatch, tmp_path / "net.py", "z1[0][0] *= 2", "latent[:,1], latent[:,2] = 2, 8",
        "--images", tmp_path / "faces.npy", "--epochs", 2, "--crop", "10,0,28,64", "--out", out,
    )  # fmt: skip
    assert status == 0
    sections = json.loads((out / "report.json").read_text())["runs"][0]["sections"]
    opening = next(s for s in sections if s["kind"] == "examination")
    assert opening["edits"] == ["z1[0][0] *= 2", "latent[:,1], latent[:,2] = 2, 8"]
    assert opening["assumed"]
    (plate,) = next(s for s in sections if s["kind"] == "edits")["plates"]
    first, second = plate["edits"]
    assert "every image is edited" in first["assumptions"][0]
    assert [e["element"] for e in second["elements"]] == [1, 2]
    assert [e["after"] for e in second["elements"]] == [[2, 2], [8, 8]]
    assert np.load(out / "images.npy").shape == (60, 64, 64, 3)
    for name in ("plate.png", "displays.png"):
        assert min(Image.open(out / name).size) > 128


def test_a_range_that_no_library_clips_has_one_display(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "net.py").write_text(SOURCE.replace("Tanh", "Sigmoid"))
    np.save(tmp_path / "faces.npy", discs(60, size=64))
    arguments = ("--images", tmp_path / "faces.npy", "--epochs", 1, "--crop", "10,0,28,64")
    out = tmp_path / "out"
    assert examine(monkeypatch, tmp_path / "net.py", "z[0] *= 2", *arguments, "--out", out) == 0
    assert not (out / "displays.png").exists()
    assert "clipped at 0" not in (out / "report.html").read_text()


@pytest.mark.parametrize("edit", ["z[3] *= 2", "z[0] *=", "w[0] = 1"])
def test_edits_are_checked_before_the_training(
    edit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "net.py").write_text(SOURCE)
    np.save(tmp_path / "faces.npy", discs(20, size=64))
    out = tmp_path / "out"
    words = (tmp_path / "net.py", edit, "--images", tmp_path / "faces.npy", "--out", out)
    assert examine(monkeypatch, *words) == 2
    assert not out.exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("R1b.py", ["Linear(12, 3) takes 12", "gives 32", "Linear(32, 64) takes 32", "gives 12"]),
        ("R1c.py", ["Linear(12, 3) takes 12", "gives 32", "Linear(32, 64) takes 32", "gives 12"]),
        ("R1d.py", ["3x16x16", "3x64x64", "layer 0 Conv2d(512, 256", "ConvTranspose2d(512, 256"]),
    ],
)
def test_reports_that_cannot_run_are_refused_with_every_fault(
    name: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    np.save(tmp_path / "faces.npy", discs(20, size=64))
    pasted = Path(__file__).parent / "pasted" / name
    out = tmp_path / "out"
    assert examine(monkeypatch, pasted, "--images", tmp_path / "faces.npy", "--out", out) == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    for word in words:
        assert word in line
    assert not out.exists()
