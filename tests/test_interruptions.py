"""Runs that are stopped, killed, or shared by several processes end as if nothing had happened."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file

import zatlas
from conftest import TINY, TINY_GAUSSIAN, discs
from zatlas.errors import InputError
from zatlas.models.model_file import ModelFile
from zatlas.run import history
from zatlas.training.callbacks import Callback
from zatlas.training.signals import Stopped, asked_to_stop

IMAGES = discs(120)
CLOCK = set(history.CLOCK)


def without_clock(rows: list[history.HistoryRow]) -> list[dict[str, float]]:
    """A history but for the columns that tell the time."""
    return [{k: v for k, v in row.columns().items() if k not in CLOCK} for row in rows]


def same_ends(a: Path, b: Path) -> None:
    """Two run folders hold the same weights and code statistics to the byte, the same history."""
    for file in ("model.safetensors", "codes.npz", "evidence/reconstruction.json"):
        assert (a / file).read_bytes() == (b / file).read_bytes(), file
    assert without_clock(history.read(a / "history.csv")) == without_clock(
        history.read(b / "history.csv")
    )


class Presses(Callback):
    """Someone who presses Ctrl-C in the middle of the second epoch."""

    def images(self, epoch: int, done: int, total: int) -> None:
        if epoch == 2 and done > 40:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("model", [TINY, TINY_GAUSSIAN], ids=["plain", "vae"])
def test_ctrl_c_saves_the_step_and_says_how_to_go_on(model: ModelFile, tmp_path: Path) -> None:
    same: dict[str, Any] = {"valid": 0.25, "epochs": 3, "batch_size": 16, "seed": 1}
    zatlas.train(model, IMAGES, out=tmp_path / "whole", **same)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(Stopped, match=r"in epoch 2 of 3, after 3 of its 6 batches.*resume=True"):
        zatlas.train(model, IMAGES, out=tmp_path / "cut", callback=Presses(), **same)
    assert signal.getsignal(signal.SIGINT) is before
    zatlas.train(model, IMAGES, out=tmp_path / "cut", resume=True, **same)
    same_ends(tmp_path / "whole", tmp_path / "cut")


def test_a_second_signal_acts_at_once() -> None:
    with asked_to_stop() as asked:
        assert not asked()
        os.kill(os.getpid(), signal.SIGINT)
        assert asked()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def program(folder: Path, out: str, *words: object, launch: tuple[str, ...] = ()) -> list[str]:
    """The words of `zatlas train` on the discs in ``folder``, in another process."""
    return [
        sys.executable, *(launch or ("-m", "zatlas")), "train",
        "--model", str(folder / "model.yaml"), "--images", str(folder / "discs.npy"),
        "--out", str(folder / out), *map(str, words),
    ]  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the discs and a small Gaussian model."""
    np.save(tmp_path / "discs.npy", discs(2000))
    (tmp_path / "model.yaml").write_text(TINY_GAUSSIAN.to_yaml())
    return tmp_path


@pytest.mark.long
def test_killed_at_random_moments_it_ends_the_same(place: Path) -> None:
    words = ("--epochs", 4, "--batch-size", 8, "--valid", 0.1, "--seed", 2)
    started = time.perf_counter()
    subprocess.run(program(place, "whole", *words), check=True, capture_output=True)
    whole = time.perf_counter() - started
    kills, rng = 0, np.random.default_rng(0)
    for _ in range(6):
        child = subprocess.Popen(
            program(place, "cut", *words, "--resume"),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            child.wait(rng.uniform(0.3, 1.0) * whole)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            child.wait()
            kills += 1
    assert kills > 0
    subprocess.run(program(place, "cut", *words, "--resume"), check=True, capture_output=True)
    same_ends(place / "whole", place / "cut")


@pytest.mark.long
def test_two_processes_give_the_loss_curve_of_one(place: Path) -> None:
    words = ("--epochs", 2, "--batch-size", 50, "--valid", 0.1, "--precision", "fp32")
    subprocess.run(program(place, "one", *words), check=True, capture_output=True)
    launch = ("-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone",
              "-m", "zatlas")  # fmt: skip
    two = subprocess.run(
        program(place, "two", *words, launch=launch), check=True, capture_output=True, text=True
    )
    assert two.stdout.count("epoch   1/2") == 1  # one process prints
    for a, b in zip(
        without_clock(history.read(place / "one" / "history.csv")),
        without_clock(history.read(place / "two" / "history.csv")),
        strict=True,
    ):
        assert a == pytest.approx(b, rel=1e-5)
    one, both = (load_file(place / run / "model.safetensors") for run in ("one", "two"))
    for name, weight in one.items():
        assert weight.numpy() == pytest.approx(both[name].numpy(), abs=1e-4)


@pytest.mark.long
def test_a_refusal_is_said_once_by_several_processes(place: Path) -> None:
    (place / "two").mkdir()
    (place / "two" / "thesis.txt").write_text("years of work")
    launch = ("-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone",
              "-m", "zatlas")  # fmt: skip
    refused = subprocess.run(
        program(place, "two", "--epochs", 1, launch=launch), capture_output=True, text=True
    )
    assert refused.returncode != 0
    assert refused.stderr.count("exists and is no run folder") == 1
    assert (place / "two" / "thesis.txt").read_text() == "years of work"


def test_what_a_kill_leaves_before_the_run_began_is_no_hindrance(tmp_path: Path) -> None:
    same: dict[str, Any] = {"valid": 0.25, "epochs": 1, "resume": True}
    for left in (".config.zatlas-0a1b2c3d.tmp.yaml", ".model.zatlas-0a1b2c3d.tmp.yaml"):
        (tmp_path / "a").mkdir(exist_ok=True)
        (tmp_path / "a" / left).write_text("half of it")
    zatlas.train(TINY, IMAGES, out=tmp_path / "a", **same)
    assert not list((tmp_path / "a").glob(".*"))
    zatlas.train(TINY, IMAGES, out=tmp_path / "b", **same)
    for file in (tmp_path / "b").iterdir():  # of a folder that is being made, one file is there
        if file.name != "config.yaml":
            shutil.rmtree(file) if file.is_dir() else file.unlink()
    zatlas.train(TINY, IMAGES, out=tmp_path / "b", **same)
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / ".thesis.yaml").write_text("hidden, and somebody's own")
    with pytest.raises(InputError, match="no run folder"):
        zatlas.train(TINY, IMAGES, out=tmp_path / "c", **same)
