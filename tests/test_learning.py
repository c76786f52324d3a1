"""Usage A3: a run that learned nothing says so before anything is judged."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zatlas
from conftest import TINY, TINY_GAUSSIAN, Zatlas, discs
from zatlas.recipes.objective_text import read_objective
from zatlas.report.assemble import report_data
from zatlas.report.build import write_report
from zatlas.run.checks.batches import few_steps
from zatlas.run.evidence import kept_learning, training_warnings
from zatlas.run.learning import LearningCheck
from zatlas.run.run import Run
from zatlas.training.callbacks import Callback

GOOD: dict[str, Any] = {
    "n": 100, "mse": 0.02, "mean_picture_mse": 0.1, "first_loss": 0.09, "last_loss": 0.02,
    "improving": False, "training_images": 900, "steps_per_epoch": 29, "batch_size": 32,
    "lr": 0.001, "kl_weight": 0.0,
}  # fmt: skip


def check(**changes: Any) -> LearningCheck:
    return LearningCheck(**{**GOOD, **changes})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, []),
        ({"improving": True}, []),
        ({"mse": 0.0987}, ["learned nothing (held-out MSE 0.0987, the mean training picture alone "
                           "0.1)", "Try more epochs"]),
        ({"mse": 0.0, "mean_picture_mse": 0.0}, []),  # every image is the same one
        ({"mse": 0.74, "lr": 100.0}, ["learned nothing", "far worse: try a lower learning rate "
                                      "(lr) than 100, as 0.001."]),
        ({"mse": 0.05, "last_loss": 0.5, "lr": 1e-3},
         ["diverged (training loss 0.09 in the first epoch, 0.5 in the last): try a lower "
          "learning rate (lr) than 0.001, as 0.0001."]),
        ({"mse": 0.099, "training_images": 405, "steps_per_epoch": 2, "batch_size": 256},
         ["learned nothing", "An epoch is only 2 steps of training (405 images in batches of 256): "
          "try a batch size of 16."]),
        ({"improving": True, "training_images": 40, "steps_per_epoch": 1, "batch_size": 64},
         ["An epoch is only 1 step of training (40 images in batches of 64): try a batch size of "
          "2."]),
        ({"training_images": 405, "steps_per_epoch": 2, "batch_size": 256}, []),  # it has settled
        ({"mse": 0.099, "kl_weight": 4.0}, ["learned nothing", "a smaller KL weight than 4."]),
    ],
)  # fmt: skip
def test_what_went_wrong_is_said_with_numbers_and_what_to_try(
    changes: Any, words: list[str]
) -> None:
    warnings = check(**changes).warnings
    assert len(warnings) == len(words)
    for warning, word in zip(warnings, words, strict=True):
        assert word in warning
        assert warning.endswith(".")


def test_a_warning_says_what_it_means_for_what_is_read_below() -> None:
    """The banner of a page gave a fault and no consequence."""
    few = {"training_images": 405, "steps_per_epoch": 2, "batch_size": 256}
    assert (
        "effects of its elements may change with longer training"
        in (check(improving=True, **few).warnings[0])
    )
    nothing = check(mse=0.0987).warnings[0]
    assert nothing.endswith("The effects of its elements say nothing about the images.")


class Notes(Callback):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def test_the_numbers_are_those_of_the_run(tiny_run: Run) -> None:
    found = kept_learning(tiny_run)
    assert found is not None
    train, valid = (discs(120) / 127.5 - 1), (discs(40, seed=1) / 127.5 - 1)
    mean = np.square(valid - train.mean(0)).mean()
    assert found.mean_picture_mse == pytest.approx(mean, rel=1e-5)
    assert (found.n, found.steps_per_epoch, found.training_images) == (40, 4, 120)
    losses = [row.terms["train_mse"] for row in tiny_run.history]
    assert (found.first_loss, found.last_loss) == pytest.approx((losses[0], losses[-1]), rel=1e-5)
    assert found.improving


@pytest.fixture(scope="module")
def useless(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, list[str]]:
    """A run whose rate is far too large, and the notes of its training."""
    folder, notes = tmp_path_factory.mktemp("useless"), Notes()
    np.save(folder / "discs.npy", discs(900))
    run = zatlas.train(
        TINY, folder / "discs.npy", out=folder / "run", epochs=2, batch_size=32, lr=100.0,
        callback=notes,
    )  # fmt: skip
    return run, notes.notes


def test_the_training_says_it(useless: tuple[Run, list[str]]) -> None:
    run, notes = useless
    warnings = training_warnings(run)
    assert warnings[0].startswith("The network learned nothing (held-out MSE ")
    assert "try a lower learning rate (lr) than 100" in warnings[1]
    assert notes[-len(warnings) :] == warnings


def test_examine_judges_no_claim_of_it(useless: tuple[Run, list[str]], tmp_path: Path) -> None:
    run, _ = useless
    done = run.examine(says=["element 1 makes it darker"], out=tmp_path / "seen", count=8)
    (answer,) = done.claims
    assert answer.verdict.startswith("cannot be judged: the network learned nothing (held-out MSE")
    report = (tmp_path / "seen" / "report.html").read_text()
    assert report.count("The network learned nothing") == 1


def test_report_and_atlas_begin_with_it(
    useless: tuple[Run, list[str]], tmp_path: Path, zatlas: Zatlas
) -> None:
    run, _ = useless
    warnings = training_warnings(run)
    page, markdown, data = write_report(report_data([run]), tmp_path / "report.html")
    assert json.loads(data.read_text())["runs"][0]["warnings"] == warnings
    for text in (page.read_text(), markdown.read_text()):
        assert text.index("The network learned nothing") < text.index("training images")
    status, out, _ = zatlas("atlas", run.path, "--count", 8, "--out", tmp_path / "atlas.html")
    assert status == 0
    assert out.startswith(warnings[0])
    assert "The network learned nothing" in (tmp_path / "atlas.html").read_text()


def test_a_collapsed_code_is_told_to_weigh_less(tmp_path: Path) -> None:
    model = TINY_GAUSSIAN.model_copy(
        update={"objective": read_objective(["sse()", "kl(weight=1000)"])}
    )
    run = zatlas.train(model, discs(900), out=tmp_path / "r", epochs=3, batch_size=32)
    assert "learned nothing" in training_warnings(run)[0]
    assert "The KL divergence drowns the reconstruction: its β is 500 " in training_warnings(run)[1]


def test_an_older_run_has_no_check(tiny_run: Run, tmp_path: Path) -> None:
    shutil.copytree(tiny_run.path, tmp_path / "old")
    (tmp_path / "old" / "evidence" / "learning.json").unlink()
    old = zatlas.open_run(tmp_path / "old")
    assert kept_learning(old) is None
    assert training_warnings(old) == []


def test_few_steps_are_said_before_the_training(tmp_path: Path) -> None:
    """Issue G, few photographs: the warning came after the training alone."""
    notes, said = Notes(), []
    notes.epoch = lambda row: said.append([*notes.notes])  # type: ignore[method-assign]
    np.save(tmp_path / "discs.npy", discs(100))
    zatlas.train(TINY, tmp_path / "discs.npy", out=tmp_path / "run", epochs=1, callback=notes)
    assert said[0][-2] == (
        "An epoch is only 1 step of training (90 images in batches of 256): try a batch size of 4."
    )
    assert few_steps(5000, 250) == ""
