"""What several tests use: a tiny model, pictures with something to learn, a run, a command line."""

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import zatlas
from zatlas.cli.program import main
from zatlas.latents.edit_results import EditResult, EditResults
from zatlas.latents.edits import EditSize
from zatlas.models.model_file import ModelFile
from zatlas.recipes.bottlenecks.gaussian import Gaussian
from zatlas.recipes.objective_text import read_objective
from zatlas.run.run import Run

TINY = ModelFile(
    title="Tiny", image=(3, 8, 8), encoder=["Linear(192, 16)", "ReLU()", "Linear(16, 4)"],
    output="Tanh()",
)  # fmt: skip
TINY_GAUSSIAN = TINY.model_copy(
    update={"bottleneck": Gaussian(), "objective": read_objective(["sse()", "kl()"])}
)

Zatlas = Callable[..., tuple[int, str, str]]

# a shell starts what runs in the background with Ctrl-C ignored, and every program inherits that
signal.signal(signal.SIGINT, signal.default_int_handler)


def discs(count: int, seed: int = 0, size: int = 8) -> NDArray[np.uint8]:
    """Pictures (N, size, size, 3) of a disc whose place, colour and background vary."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size]
    centre = rng.uniform(0.3 * size, 0.7 * size, (count, 2, 1, 1))
    inside = np.hypot(y - centre[:, 0], x - centre[:, 1]) < 0.3 * size
    front, back = rng.integers(0, 256, (2, count, 1, 1, 3))
    pictures: NDArray[np.uint8] = np.where(inside[..., None], front, back).astype(np.uint8)
    return pictures


def edit_results(
    originals: Any, reconstructions: Any, edited: Sequence[Any] = (), text: str = "z[0] *= 2",
    notes: Sequence[str] = (),
) -> EditResults:  # fmt: skip
    """Pictures as the results of edits that all have one text and the same notes."""
    none = np.empty((len(originals), 0))
    size = EditSize(np.empty(0, np.int64), *[none] * 5)
    edits = [EditResult(text, pictures, size, [*notes]) for pictures in edited]
    return EditResults(originals, reconstructions, edits)


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A trained run of the tiny model, with its images on disk."""
    folder = tmp_path_factory.mktemp("tiny")
    np.save(folder / "discs.npy", discs(120))
    np.save(folder / "held-out.npy", discs(40, seed=1))
    return zatlas.train(
        TINY, folder / "discs.npy", valid=folder / "held-out.npy", out=folder / "run",
        epochs=3, batch_size=32, seed=0,
    )  # fmt: skip


@pytest.fixture
def tiny_images(tiny_run: Run) -> Path:
    """The image set that the tiny run was validated on."""
    return tiny_run.path.parent / "held-out.npy"


@pytest.fixture(name="zatlas")
def zatlas_program(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Zatlas]:
    """Run a command in this process: exit status, standard output, standard error."""
    before = torch.get_num_threads(), torch.get_float32_matmul_precision()

    def call(*args: object) -> tuple[int, str, str]:
        words = [str(a) for a in args]
        monkeypatch.setattr(sys, "argv", ["zatlas", *words])
        with pytest.raises(SystemExit) as left:
            main(words)
        out, err = capfd.readouterr()
        return int(left.value.code or 0), out, err

    yield call
    torch.set_num_threads(before[0])
    torch.set_float32_matmul_precision(before[1])
