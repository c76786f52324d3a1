"""A run folder that zatlas 0.1.0 made opens, means the same, and can be resumed."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import zatlas
from zatlas.recipes.objective_text import written

DATA = Path(__file__).parent / "data"
IMAGES, CODES = DATA / "images-0.1.0.npy", DATA / "codes-0.1.0.npy"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the run; its configuration names the images relative to the working directory."""
    shutil.copy(IMAGES, tmp_path)
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(DATA / "run-0.1.0", tmp_path / "run"))


def test_it_opens_and_gives_the_same_codes(folder: Path) -> None:
    run = zatlas.open_run(folder)
    assert run.encode(np.load(IMAGES)) == pytest.approx(np.load(CODES), abs=1e-5)
    assert run.statistics.count == 36
    assert len(run.held_out()) == 24
    assert run.best_epoch == 3


def test_its_files_are_read_as_typed_records(folder: Path) -> None:
    run = zatlas.open_run(folder)
    assert written(run.model.model_file.objective) == ["sse()", "kl(weight=2, warmup_epochs=1)"]
    config = run.config
    assert (config.model, config.valid, config.images.count) == ("tiny.yaml", 0.4, 60)
    assert (config.training.batch_size, config.training.patience) == (12, None)
    assert (config.computing.name, config.versions["zatlas"]) == ("fp32", "0.1.0")
    row = run.history[-1]
    assert (row.epoch, len(run.history)) == (3, 3)
    assert {*row.terms} == {"train_sse", "train_kl", "valid_sse", "valid_kl", "kl_0", "kl_1"}
    assert row.valid_loss == pytest.approx(
        row.terms["valid_sse"] + 2 * row.terms["valid_kl"], rel=1e-6
    )


def test_its_training_goes_on(folder: Path) -> None:
    model = zatlas.open_run(folder).model.model_file
    run = zatlas.train(
        model, IMAGES, out=folder, valid=0.4, epochs=4, batch_size=12, precision="fp32", resume=True
    )
    straight = zatlas.train(
        model, IMAGES, out=folder.parent / "s", valid=0.4, epochs=4, batch_size=12, precision="fp32"
    )
    assert run.history[:3] == zatlas.open_run(DATA / "run-0.1.0").history
    assert run.history[3].valid_loss == pytest.approx(straight.history[3].valid_loss, rel=1e-4)
