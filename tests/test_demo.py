"""Usage A15: the demo shows every step, says how long it takes and what it found."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest

from conftest import Zatlas, discs
from zatlas.images.faces import draw_factors, render
from zatlas.models.model_file import read_model
from zatlas.run.run import open_run
from zatlas.workflows.train import train


@pytest.mark.long
def test_the_demo_with_a_small_network(
    tmp_path: Path, zatlas: Zatlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zatlas.workflows.demo.MODEL", "fcn-10")
    out = tmp_path / "demo"
    status, text, _ = zatlas("demo", "--out", out, "--count", 200, "--epochs", 1)
    assert status == 0
    lines = text.splitlines()
    assert lines[0].startswith("The whole demo takes about ")
    assert [line[:3] for line in lines if line[1:3] == "/5"] == ["1/5", "2/5", "3/5", "4/5", "5/5"]
    found = lines[lines.index("What was found:") + 1 :]
    assert found[0].startswith("20 faces that it was not trained on are reconstructed with a PSNR")
    assert "of 10 latent elements are used" in found[1]
    assert found[2].startswith("The strongest elements, moved up by one standard deviation: z[")
    assert f"Open {out / 'report.html'}. Then try:" in found

    run = open_run(out / "fcn-10")
    assert run.config.training.schedule == "one-cycle"
    kinds = [section["kind"] for section in json.loads(
        (out / "report.json").read_text())["runs"][0]["sections"]]  # fmt: skip
    assert {"edits", "atlas", "elements"} <= {*kinds}
    atlas = json.loads((run.path / "evidence" / "atlas.json").read_text())
    assert atlas["factors"] is not None

    edit, again = (shlex.split(line)[1:] for line in found[-2:])
    assert zatlas(*edit)[0] == 0  # what it says to do next works
    assert (out / "plate-2.png").exists()
    assert again == ["atlas", str(run.path)]


def test_a_code_of_its_network_does_not_depend_on_the_other_images(tmp_path: Path) -> None:
    """Batch normalization takes the statistics of the training, not those of a batch."""
    layers = [call.name for calls in read_model("conv-bn-64").layers()[0] for call in calls]
    assert layers.count("BatchNorm2d") == layers.count("Conv2d") == 4
    images = discs(48, size=64)
    run = train("conv-bn-64", images, out=tmp_path / "r", epochs=2, batch_size=8, scale=0.1)
    codes = run.encode(images)
    np.testing.assert_array_equal(codes, open_run(run.path).encode(images))
    alone = np.concatenate([run.encode(images[i : i + 1]) for i in range(5)])
    np.testing.assert_allclose(alone, codes[:5], atol=1e-5 * np.abs(codes).max())


def test_the_same_by_hand(tmp_path: Path, zatlas: Zatlas) -> None:
    """The options that the demo sets are those of the command line."""
    faces, run = tmp_path / "faces.npy", tmp_path / "run"
    assert zatlas("images", "render", faces, "--count", 12, "--framing", "close")[0] == 0
    np.testing.assert_array_equal(np.load(faces), render(draw_factors(12, 0), framing="close"))
    command = ["train", "--model", "conv-bn-64", "--scale", 0.1, "--images", faces, "--out", run,
               "--epochs", 1, "--batch-size", 4, "--schedule"]  # fmt: skip
    assert "--schedule" in zatlas(*command, "cosin")[2]
    assert zatlas(*command, "cosine")[0] == 0
    assert open_run(run).config.training.schedule == "cosine"
    status, _, err = zatlas("images", "render", faces, "--framing", "clos", "--overwrite")
    assert (status, err) == (2, "zatlas: --framing clos: did you mean 'close'?\n")
