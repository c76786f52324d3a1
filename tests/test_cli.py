"""The command line as a user meets it: what it prints, writes and refuses, and its exit status."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from conftest import TINY, TINY_GAUSSIAN, Zatlas, discs
from zatlas.cli.program import COMMANDS
from zatlas.models.model_file import adapt
from zatlas.run.run import Run, open_run


def python(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *args], capture_output=True, text=True, check=False)


def test_import_and_help_bring_no_torch() -> None:
    code = "import sys, zatlas; zatlas.open_images; print('torch' in sys.modules)"
    assert python("-c", code).stdout.strip() == "False"
    code = (
        "import sys\nfrom zatlas.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\nprint('torch' in sys.modules)"
    )
    assert python("-c", code).stdout.strip().endswith("False")


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)], ids=str)
def test_every_command_answers_help(zatlas: Zatlas, command: list[str]) -> None:
    status, out, _ = zatlas(*command, "--help")
    assert status == 0
    assert "Usage: zatlas" in out


def test_module_and_program_are_the_same() -> None:
    shown = python("-m", "zatlas", "--version")
    assert shown.returncode == 0
    assert shown.stdout.startswith("zatlas, version ")


def test_train_edit_traverse_interpolate_sample_encode(
    zatlas: Zatlas, tmp_path: Path, tiny_run: Run, tiny_images: Path
) -> None:
    model, run = tmp_path / "tiny.yaml", tmp_path / "run"
    model.write_text("image: [3, 8, 8]\nencoder: mlp(16, 4)\noutput: Tanh()\n")
    status, out, err = zatlas(
        "train", "--model", model, "--images", tiny_images, "--epochs", 2, "--out", run
    )
    assert (status, err) == (0, "")
    assert "epoch   2/2" in out
    assert "held-out mse" in out
    assert "held-out images [95 % interval over images]" in out

    plate, answer = tmp_path / "plate.png", tmp_path / "plate.json"
    status, out, err = zatlas(
        "edit", run, "--images", tiny_images, "--index", "0,5", "z[0] *= 2", "z[3] += 2*sd",
        "--out", plate, "--json", answer,
    )  # fmt: skip
    assert (status, err) == (0, "")
    assert out.startswith("measuring 2 edits on 40 images\n")  # issue G: minutes without a line
    assert f"wrote {plate}" in out
    record = json.loads(answer.read_text())
    assert record["index"] == [0, 5]
    assert [e["edit"] for e in record["edits"]] == ["z[0] *= 2", "z[3] += 2*sd"]
    assert record["edits"][1]["elements"][0]["sd"] == pytest.approx([2, 2], rel=1e-4)
    assert "zatlas edit" in record["command"]

    for words in (
        ["traverse", run, "--images", tiny_images, "--index", 1, "--elements", "0,3"],
        ["interpolate", run, "--images", tiny_images, "--index", "0,1", "--spherical"],
        ["sample", run, "--count", 9],
    ):
        picture = tmp_path / f"{words[0]}.png"
        status, out, err = zatlas(*words, "--out", picture)
        assert (status, err) == (0, "")
        assert min(Image.open(picture).size) > 64
    status, _, _ = zatlas("traverse", run, "--images", tiny_images, "--elements", "0",
                          "--out", tmp_path / "t.gif")  # fmt: skip
    assert status == 0
    animated: Any = Image.open(tmp_path / "t.gif")
    assert animated.n_frames >= 9

    status, _, _ = zatlas("encode", run, "--images", tiny_images, "--out", tmp_path / "c.npz")
    assert status == 0
    assert np.load(tmp_path / "c.npz")["codes"].shape == (40, 4)


def test_a_run_on_a_folder_of_pictures_finds_its_images_again(
    zatlas: Zatlas, tmp_path: Path
) -> None:
    for i, picture in enumerate(discs(30)):
        (tmp_path / "pictures").mkdir(exist_ok=True)
        Image.fromarray(picture).save(tmp_path / "pictures" / f"{i:02}.png")
    (tmp_path / "tiny.yaml").write_text(TINY.to_yaml())
    status, _, err = zatlas(
        "train", "--model", tmp_path / "tiny.yaml", "--images", tmp_path / "pictures",
        "--epochs", 1, "--out", tmp_path / "run",
    )  # fmt: skip
    assert (status, err) == (0, "")
    assert np.array_equal(open_run(tmp_path / "run").held_out().images, discs(30))


def test_quiet_prints_nothing(zatlas: Zatlas, tmp_path: Path, tiny_run: Run) -> None:
    status, out, err = zatlas("-q", "sample", tiny_run.path, "--out", tmp_path / "s.png")
    assert (status, out, err) == (0, "", "")
    assert (tmp_path / "s.png").exists()


def test_json_on_standard_output_stands_alone(
    zatlas: Zatlas, tmp_path: Path, tiny_run: Run, tiny_images: Path
) -> None:
    _, out, err = zatlas(
        "edit", tiny_run.path, "--images", tiny_images, "z[0] = 1", "--out", tmp_path / "p.png",
        "--json", "-",
    )  # fmt: skip
    assert json.loads(out)["edits"][0]["edit"] == "z[0] = 1"
    assert "wrote" in err
    _, out, _ = zatlas("models", "list", "--json", "-")
    assert "fcn-10" in [model["name"] for model in json.loads(out)]


def test_models_show_prints_the_table_and_draws_the_diagram(zatlas: Zatlas, tmp_path: Path) -> None:
    status, out, _ = zatlas("models", "show", "fcn-10", "--svg", tmp_path / "d.svg")
    assert status == 0
    for word in ("Linear(12288, 1024)", "12,583,936", "25,739,146", "3x64x64", "(Flatten())"):
        assert word in out
    assert "<svg" in (tmp_path / "d.svg").read_text()


def test_models_show_prints_a_recipe_and_draws_it(zatlas: Zatlas, tmp_path: Path) -> None:
    """The formula of the loss, the paper, advantage and disadvantage, with or without a network."""
    change = ("--set", "objective.kl.weight=3")
    status, out, _ = zatlas("models", "show", "vae", *change, "--svg", tmp_path / "d.svg")
    assert status == 0
    for word in ("loss", "3·", "gaussian", "kl(weight=3)", "=3", "advantage"):
        assert word in out
    assert "encoder" in (tmp_path / "d.svg").read_text()
    given = ("models", "show", "fcn-10", "--recipe", "vae", *change, "--json", "-")
    _, out, _ = zatlas(*given, "--svg", tmp_path / "n.svg")
    answer = json.loads(out)
    assert answer["family"]["recipe"] == "vae"
    assert answer["family"]["loss"].startswith("Σ (x̂ − x)² + 3·")
    assert 3 in [one["value"] for one in answer["family"]["settings"]]
    assert answer["layers"]
    assert "kl(weight=3)" in (tmp_path / "n.svg").read_text()


def test_models_list_fits_100_columns(zatlas: Zatlas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    _, out, _ = zatlas("models", "list")
    assert max(map(len, out.splitlines())) <= 100
    assert "deterministic  ae" in out


def test_models_show_knows_the_recipe_of_a_model(zatlas: Zatlas, tmp_path: Path) -> None:
    """A run that was trained with a recipe told nothing of its paper and advantage."""
    shown = zatlas("models", "show", "vae-conv-64")[1]
    assert "Auto-encoding variational Bayes" in shown
    assert "--set" not in shown  # short names are those of a recipe that is asked for
    changed = adapt(TINY_GAUSSIAN, "beta-vae", {"beta": 8})
    (tmp_path / "model.yaml").write_text(changed.to_yaml(), encoding="utf-8")
    shown = zatlas("models", "show", tmp_path)[1]  # as a run
    for words in ("beta-vae, with beta=8", "paper", "disadvantage"):
        assert words in shown


def test_images_prepare_and_show(zatlas: Zatlas, tmp_path: Path) -> None:
    for i, picture in enumerate(discs(5, size=16)):
        (tmp_path / "in" / str(i % 2)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(tmp_path / "in" / str(i % 2) / f"{i}.png")
    (tmp_path / "in" / "broken.png").write_text("<html>")
    status, out, _ = zatlas("images", "prepare", tmp_path / "in", tmp_path / "s.npy", "--to", 8)
    assert status == 0
    assert "left out broken.png" in out
    assert "\n1 picture left out\n" in out
    assert np.load(tmp_path / "s.npy").shape == (5, 8, 8, 3)
    assert (tmp_path / "s.csv").read_text().startswith("index,source,folder")
    assert zatlas("images", "show", tmp_path / "s.npy", "--out", tmp_path / "s.png")[0] == 0


def refusals(run: Path, images: Path, folder: Path) -> list[tuple[list[object], list[str]]]:
    """Commands with one fault each, and words that their one line must have."""
    edit = ["edit", run, "--images", images, "--out", folder / "p.png"]
    train = ["train", "--images", images, "--out", folder / "new"]
    np.save(folder / "floats.npy", np.zeros((3, 8, 8, 3), np.float32) + 7)
    return [
        (["trian"], ["trian", "train"]),
        (["train"], ["--model"]),
        ([*edit], ["EDIT"]),
        ([*edit, "z[0] *= "], ["column"]),
        ([*edit, "z[9] *= 2"], ["index 9", "4 elements"]),
        ([*edit, "w[0] = 2"], ["'w'", "column 1"]),
        ([*edit, "z[0] = 1", "--index", "40"], ["--index 40", "0 to 39"]),
        ([*edit, "z[0] = 1", "--index", "a"], ["--index 'a'"]),
        ([*edit[:-1], folder / "p.bmp", "z[0] = 1"], ["p.bmp", "png"]),
        (["edit", folder, "--images", images, "--out", folder / "p.png", "z=1"], ["no run folder"]),
        (["edit", run, "--images", folder / "no.npy", "--out", folder / "p.png", "z=1"],
         ["no.npy"]),
        ([*train, "--model", "fnc-10"], ["fnc-10", "fcn-10"]),
        ([*train, "--model", "fcn-10"], ["8x8", "64x64", "--to 64"]),
        ([*train, "--model", "fcn-10", "--epochs", "x"], ["--epochs", "x"]),
        ([*train, "--model", "fcn-10", "--lr", "0"], ["--lr"]),
        (["train", "--model", "fcn-10", "--images", folder / "floats.npy", "--out", folder / "n"],
         ["floats.npy", "float32"]),
        (["traverse", run, "--images", images, "--elements", "7", "--out", folder / "t.png"],
         ["--elements 7", "0 to 3"]),
        (["traverse", run, "--images", images, "--elements", "0", "--steps", "4", "--out",
          folder / "t.png"], ["--steps 4", "odd"]),
        (["interpolate", run, "--images", images, "--index", "3", "--out", folder / "i.png"],
         ["--index '3'", "give 2"]),
        (["models", "show", "fcn-11"], ["fcn-11", "fcn-10"]),
        (["images", "prepare", folder / "nowhere", folder / "o.npy"], ["nowhere"]),
        (["images", "render", folder / "o.npy", "--count", "0"], ["--count"]),
    ]  # fmt: skip


def test_bad_input_gets_one_line_and_status_2(
    zatlas: Zatlas, tmp_path: Path, tiny_run: Run, tiny_images: Path
) -> None:
    for args, words in refusals(tiny_run.path, tiny_images, tmp_path):
        before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
        status, out, err = zatlas(*args)
        assert status == 2, (args, out)
        assert out == "", args
        assert err.startswith("zatlas: "), args
        assert err.count("\n") == 1, (args, err)
        for word in words:
            assert word in err, (args, err)
        assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")} == before, args


def test_a_fault_of_our_own_is_one_line_too(
    zatlas: Zatlas, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny_run: Run
) -> None:
    monkeypatch.delenv("ZATLAS_TRACEBACK", raising=False)

    def broken(*args: object) -> None:
        raise RuntimeError("first line\nsecond")

    monkeypatch.setattr(Run, "sample", broken)
    status, _, err = zatlas("sample", tiny_run.path, "--out", tmp_path / "s.png")
    assert status == 2
    assert "an error in zatlas itself" in err
    assert err.count("\n") == 1


def test_a_closed_pipe_is_no_fault() -> None:
    zatlas = f"{sys.executable} -m zatlas models show fcn-10"
    done = subprocess.run(f"{zatlas} | head -1", shell=True, capture_output=True, text=True,
                          check=False, env={**os.environ, "PYTHONUNBUFFERED": "1"})  # fmt: skip
    assert done.stderr == ""
