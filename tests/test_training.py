"""The loop: what it makes small, in which order, and that a stopped run goes on unharmed."""

import copy
import json
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

import zatlas
from conftest import TINY, TINY_GAUSSIAN, discs
from zatlas.errors import InputError
from zatlas.models import model_file
from zatlas.models.architecture import check
from zatlas.models.model_file import ModelFile
from zatlas.models.network import build
from zatlas.models.pixels import to_floats, to_pixels
from zatlas.models.precision import pick
from zatlas.process import configure_process, medium_is_exact
from zatlas.recipes.objective_text import read_objective
from zatlas.recipes.schedules import RATE_SCHEDULES, RateSchedule
from zatlas.run import history
from zatlas.run.evidence import kept_reconstruction
from zatlas.run.split import hold_out
from zatlas.training import averaging, checkpoint, steps
from zatlas.training.callbacks import Callback
from zatlas.training.state import Position, initial_state

IMAGES = discs(120)


@given(st.integers(1, 500), st.integers(1, 64))
def test_batches_cover_all_images_and_none_is_a_single_one(count: int, batch_size: int) -> None:
    bounds = steps.bounds(count, batch_size)
    assert [start for start, _ in bounds[1:]] == [stop for _, stop in bounds[:-1]]
    assert (bounds[0][0], bounds[-1][1]) == (0, count)
    if count > 1 and batch_size > 1:
        assert min(stop - start for start, stop in bounds) > 1
    assert max(stop - start for start, stop in bounds) <= batch_size + 1


def test_order_is_a_function_of_seed_and_epoch() -> None:
    a, b, c, d = (steps.order(100, s, e) for s, e in ((0, 0), (0, 0), (0, 1), (1, 0)))
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)
    assert not np.array_equal(a, d)
    assert np.array_equal(np.sort(c), np.arange(100))


def test_pixels_make_the_way_to_floats_and_back() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    for pixel_range in ((-1.0, 1.0), (0.0, 1.0)):
        floats = to_floats(torch.from_numpy(levels), pixel_range)
        assert (floats.min().item(), floats.max().item()) == pixel_range
        assert np.array_equal(to_pixels(floats, pixel_range), levels)
    assert to_pixels(torch.full((1, 1, 1, 1), 9.0), (-1.0, 1.0)).item() == 255


def test_held_out_share_is_drawn_once_for_all_seeds_and_disjoint() -> None:
    train, valid = hold_out(IMAGES, 0.25)
    assert (len(train), len(valid)) == (90, 30)
    assert not set(train.rows) & set(valid.rows)
    assert np.array_equal(hold_out(IMAGES, 0.25)[1].rows, valid.rows)
    with pytest.raises(InputError, match="valid=0.001"):
        hold_out(IMAGES, 0.001)


def test_noise_is_scaled_by_exp_s_and_shifted_by_m() -> None:
    model = build(TINY_GAUSSIAN, seed=0)
    x, noise = torch.randn(5, 3, 8, 8), torch.randn(5, 4)
    passed = model(x, noise)
    assert passed.log_sd_BD is not None
    assert torch.equal(passed.z_BD, passed.mean_BD + passed.log_sd_BD.exp() * noise)
    assert torch.equal(model(x).z_BD, model.encode(x))


def test_plain_torch_and_zatlas_take_the_same_steps(tmp_path: Path) -> None:
    """The loop against a few lines of plain torch, batch by batch, in the same order."""
    run = zatlas.train(TINY, IMAGES, valid=0.25, out=tmp_path / "r", epochs=2, batch_size=40,
                       precision="fp32", seed=5)  # fmt: skip
    model = build(TINY, seed=5)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)
    train, valid = hold_out(IMAGES, 0.25)
    x = torch.from_numpy(train.pictures()).permute(0, 3, 1, 2) / 127.5 - 1
    for epoch in range(2):
        order = torch.from_numpy(steps.order(len(train), 5, epoch))
        for rows in order.split(40):
            adam.zero_grad()
            (model.decode(model.encode(x[rows])) - x[rows]).square().mean().backward()
            adam.step()
    held = torch.from_numpy(valid.pictures()).permute(0, 3, 1, 2) / 127.5 - 1
    with torch.no_grad():
        expected = (model.decode(model.encode(held)) - held).square().mean().item()
    assert run.history[-1].valid_loss == pytest.approx(expected, rel=1e-5)


class Stop(Exception):
    """The power goes out."""


class StopsAt(Callback):
    """A callback that stops the training when an epoch's line is due."""

    def __init__(self, epoch: int) -> None:
        self.at = epoch

    def epoch(self, row: history.HistoryRow) -> None:
        if row.epoch == self.at:
            raise Stop


DROPOUT = TINY.model_copy(
    update={"encoder": ["Linear(192, 16)", "BatchNorm1d(16)", "ReLU()", "Dropout(0.5)",
                        "Linear(16, 4)"]}
)  # fmt: skip

CONV = TINY.model_copy(
    update={"encoder": ["Conv2d(3, 8, 4, stride=2, padding=1)", "ReLU()", "Linear(128, 4)"]}
)


NORMALISED = TINY.model_copy(
    update={"encoder": ["Conv2d(3, 8, 4, stride=2, padding=1, bias=False)", "BatchNorm2d(8)",
                        "ReLU()", "Linear(128, 4)"]}
)  # fmt: skip


@pytest.mark.parametrize(
    ("model", "schedule", "ema"),
    [(TINY, "constant", None), (TINY_GAUSSIAN, "cosine", None), (DROPOUT, "constant", None),
     (CONV, "one-cycle", None), (NORMALISED, "cosine", None), (NORMALISED, "one-cycle", 0.9),
     (TINY_GAUSSIAN, "constant", 0.5)],
    ids=["plain", "vae", "dropout", "conv", "batch-normalisation", "averages", "vae-averages"],
)  # fmt: skip
def test_a_stopped_run_resumes_to_the_same_bytes(
    model: ModelFile, schedule: str, ema: float | None, tmp_path: Path
) -> None:
    same: dict[str, Any] = {"valid": 0.25, "epochs": 4, "batch_size": 32, "seed": 1}
    same |= {"schedule": schedule, "ema": ema}
    whole = zatlas.train(model, IMAGES, out=tmp_path / "whole", **same)
    with pytest.raises(Stop):
        zatlas.train(model, IMAGES, out=tmp_path / "cut", callback=StopsAt(2), **same)
    again = zatlas.train(model, IMAGES, out=tmp_path / "cut", resume=True, **same)
    for file in ("model.safetensors", "codes.npz"):
        a, b = ((run.path / file).read_bytes() for run in (whole, again))
        assert a == b, file
    clock = set(history.CLOCK)
    for rows in zip(whole.history, again.history, strict=True):
        pair = ({k: v for k, v in row.columns().items() if k not in clock} for row in rows)
        assert next(pair) == next(pair)


def test_epochs_may_grow_on_resume_and_nothing_else_may_change(tmp_path: Path) -> None:
    same: dict[str, Any] = {"valid": 0.25, "batch_size": 32, "out": tmp_path / "r"}
    zatlas.train(TINY, IMAGES, epochs=1, **same)
    grown = zatlas.train(TINY, IMAGES, epochs=3, resume=True, **same)
    assert len(grown.history) == 3
    straight = zatlas.train(TINY, IMAGES, epochs=3, valid=0.25, batch_size=32, out=tmp_path / "s")
    assert load_file(grown.path / "model.safetensors").keys()
    for name, weight in load_file(straight.path / "model.safetensors").items():
        assert torch.equal(load_file(grown.path / "model.safetensors")[name], weight)
    changed: list[tuple[dict[str, Any], str]] = [
        ({"epochs": 2}, "began with epochs=3, and epochs=2 is given; it may not shrink"),
        ({"epochs": 3, "lr": 0.1}, "began with lr=0.001, and lr=0.1"),
        ({"epochs": 3, "batch_size": 16}, "began with batch_size=32, and batch_size=16"),
        ({"epochs": 3, "valid": 0.5}, "resume=True: valid differ"),
    ]
    for settings, words in changed:
        with pytest.raises(InputError, match=words):
            zatlas.train(TINY, IMAGES, resume=True, **{**same, **settings})
    with pytest.raises(InputError, match="resume=True: images differ"):
        zatlas.train(TINY, discs(120, seed=9), epochs=3, resume=True, **same)
    with pytest.raises(InputError, match="holds a different model"):
        zatlas.train(TINY_GAUSSIAN, IMAGES, epochs=3, resume=True, **same)


def test_with_another_schedule_the_epochs_cannot_grow(tmp_path: Path) -> None:
    same: dict[str, Any] = {"valid": 0.25, "schedule": "cosine", "out": tmp_path / "r"}
    zatlas.train(TINY, IMAGES, epochs=1, **same)
    with pytest.raises(InputError, match=r"epochs=3 is given; it cannot change with schedule=cos"):
        zatlas.train(TINY, IMAGES, epochs=3, resume=True, **same)
    with pytest.raises(InputError, match="began with schedule=cosine"):
        zatlas.train(TINY, IMAGES, resume=True, epochs=1, **{**same, "schedule": "constant"})


def test_a_schedule_is_a_factor_of_the_learning_rate_in_every_step(tmp_path: Path) -> None:
    rates: list[float] = []

    class Watched(steps.Steps):
        def take(self, epoch: int, step: int, rows: Any) -> torch.Tensor:
            vector = super().take(epoch, step, rows)
            rates.append(self.optimizers["model"].param_groups[0]["lr"])
            return vector

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zatlas.training.loop.Steps", Watched)
        zatlas.train(TINY, IMAGES, valid=0.25, epochs=3, batch_size=32, lr=0.01, out=tmp_path / "r",
                     schedule="cosine")  # fmt: skip
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.01)
    reference = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=9)
    for rate in rates:
        assert rate == pytest.approx(reference.get_last_lr()[0])
        optimizer.step()
        reference.step()
    assert len(rates) == 9
    assert set(RATE_SCHEDULES) == set(get_args(RateSchedule))
    assert {RATE_SCHEDULES["constant"](x) for x in (0.0, 0.3, 1.0)} == {1.0}


def test_one_cycle_is_that_of_torch() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.01, momentum=0.9)
    steps_in_all = 100  # torch counts from the first step to the last one: 99 intervals
    reference = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=1.0, total_steps=steps_in_all, pct_start=0.3 + 0.7 / steps_in_all,
        final_div_factor=1e9,
    )  # fmt: skip
    for step in range(steps_in_all - 1):
        fraction = step / (steps_in_all - 1)
        assert RATE_SCHEDULES["one-cycle"](fraction) == pytest.approx(
            reference.get_last_lr()[0], abs=1e-3
        )
        optimizer.step()
        reference.step()


def test_the_averages_of_the_weights_by_hand() -> None:
    model = build(NORMALISED, seed=0)
    average = averaging.averaged_copy(model)
    mean, first = average.state_dict(), {k: v.clone() for k, v in model.state_dict().items()}
    with torch.no_grad():
        for value in model.state_dict().values():
            value.add_(1)
    name, count = "encoders.0.1.running_var", "encoders.0.1.num_batches_tracked"
    averaging.update(average, model, 0.999, step=0)  # the share that is kept is 1/10
    torch.testing.assert_close(mean[name], first[name] + 0.9)
    assert mean[count] == 1  # a count is copied
    averaging.update(average, model, 0.5, step=10_000)  # ... and at most the decay
    torch.testing.assert_close(mean[name], first[name] + 0.95)
    assert not any(parameter.requires_grad for parameter in average.parameters())


def test_the_averages_are_measured_and_kept(tmp_path: Path) -> None:
    """A decay of nearly 1 keeps the weights of the first steps, which are no good yet."""
    same: dict[str, Any] = {"valid": 0.25, "epochs": 8, "batch_size": 8, "lr": 0.01}
    late = zatlas.train(TINY, IMAGES, out=tmp_path / "late", ema=0.99999, **same)
    plain = zatlas.train(TINY, IMAGES, out=tmp_path / "plain", **same)
    assert late.history[-1].train_loss == plain.history[-1].train_loss
    assert late.history[-1].valid_loss != plain.history[-1].valid_loss
    assert late.config.training.ema == 0.99999
    found = kept_reconstruction(late).metrics["mse"].mean
    assert found == pytest.approx(min(row.valid_loss for row in late.history), rel=0.02)
    with pytest.raises(InputError, match="began with ema=0.99999, and ema=None"):
        zatlas.train(TINY, IMAGES, out=tmp_path / "late", resume=True, **same)


def test_a_run_that_exists_is_not_replaced_unasked(tmp_path: Path) -> None:
    same: dict[str, Any] = {"valid": 0.25, "epochs": 1, "out": tmp_path / "r"}
    first = zatlas.train(TINY, IMAGES, **same)
    with pytest.raises(InputError, match=r"resume=True.*overwrite=True"):
        zatlas.train(TINY, IMAGES, **same)
    before = (first.path / "model.safetensors").read_bytes()
    with pytest.raises(InputError):
        zatlas.train(TINY, IMAGES, overwrite=True, **{**same, "batch_size": 0})
    assert (first.path / "model.safetensors").read_bytes() == before
    zatlas.train(TINY, IMAGES, overwrite=True, seed=7, **same)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="no run folder"):
        zatlas.train(TINY, IMAGES, overwrite=True, **{**same, "out": tmp_path / "mine"})


def test_early_stopping_waits_for_the_warm_up_and_keeps_the_best(tmp_path: Path) -> None:
    objective = read_objective(["sse()", "kl(weight=50, warmup_epochs=4)"])
    model = TINY_GAUSSIAN.model_copy(update={"objective": objective})
    run = zatlas.train(model, IMAGES, valid=0.25, out=tmp_path / "r", epochs=30, patience=2,
                       batch_size=16, lr=0.02)  # fmt: skip
    losses = [row.valid_loss for row in run.history]
    after = losses[4:]
    best = 5 + after.index(min(after))
    position = json.loads(next((run.path / "state").glob("*/position.json")).read_text())
    assert position["best_epoch"] == best
    assert len(losses) == min(30, best + 2)


def test_history_reports_each_term_and_the_kl_of_each_element(tmp_path: Path) -> None:
    run = zatlas.train(TINY_GAUSSIAN, IMAGES, valid=0.25, out=tmp_path / "r", epochs=2)
    row, terms = run.history[0].columns(), run.history[0].terms
    assert list(row)[:3] == ["epoch", "train_loss", "valid_loss"]
    assert row["train_loss"] == pytest.approx(terms["train_sse"] + terms["train_kl"], rel=1e-5)
    assert terms["valid_kl"] == pytest.approx(sum(terms[f"kl_{i}"] for i in range(4)), rel=1e-5)
    assert list(row)[-2:] == list(history.CLOCK)


def test_a_loss_that_is_not_finite_stops_with_a_mend(tmp_path: Path) -> None:
    endless = TINY.model_copy(update={"decoder": ["Linear(4, 192)"], "output": None})
    with pytest.raises(InputError, match="with lr=1e\\+30; give a smaller"):
        zatlas.train(endless, IMAGES, valid=0.25, out=tmp_path / "r", epochs=3, lr=1e30)


def test_training_leaves_the_callers_random_state_and_precision(tmp_path: Path) -> None:
    before = torch.random.get_rng_state(), torch.get_float32_matmul_precision()
    zatlas.train(DROPOUT, IMAGES, valid=0.25, out=tmp_path / "r", epochs=1)
    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert torch.get_float32_matmul_precision() == before[1]


def test_precision_is_tried_and_said() -> None:
    cpu = torch.device("cpu")
    assert pick("fp32", cpu).name == "fp32"
    assert pick("auto", cpu).why


def test_configure_process_sets_the_process_and_nothing_else_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = torch.get_num_threads(), torch.get_float32_matmul_precision()
    try:
        configure_process(threads=1)
        assert torch.get_num_threads() == 1
        if not torch.cuda.is_available():
            assert torch.get_float32_matmul_precision() == (
                "medium" if medium_is_exact() else before[1]
            )
    finally:
        torch.set_num_threads(before[0])
        torch.set_float32_matmul_precision(before[1])
    changed: list[object] = []
    for name in ("set_num_threads", "set_float32_matmul_precision"):
        monkeypatch.setattr(torch, name, changed.append)
    run = zatlas.train(TINY_GAUSSIAN, IMAGES, valid=0.25, out=tmp_path / "r", epochs=1)
    run.decode(run.encode(IMAGES))
    assert not changed


class Notes(Callback):
    """A callback that keeps the notes."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def note(self, text: str) -> None:
        self.texts.append(text)


def test_another_number_of_threads_is_noted_on_resume(tmp_path: Path) -> None:
    same: dict[str, Any] = {"valid": 0.25, "batch_size": 32, "out": tmp_path / "r"}
    zatlas.train(TINY, IMAGES, epochs=1, **same)
    threads, notes = torch.get_num_threads(), Notes()
    torch.set_num_threads(threads + 1)
    try:
        run = zatlas.train(TINY, IMAGES, epochs=2, resume=True, callback=notes, **same)
    finally:
        torch.set_num_threads(threads)
    assert f"configure_process(threads={threads})" in " ".join(notes.texts)
    assert run.config.computing.threads == threads


def test_a_checkpoint_holds_the_named_optimizers(tmp_path: Path) -> None:
    model = build(TINY, seed=0)
    state = initial_state(model, lr=1e-3)
    state.optimizers["other"] = torch.optim.SGD(model.decoder.parameters(), lr=0.1, momentum=0.9)
    model(torch.randn(5, 3, 8, 8)).output_BCHW.square().sum().backward()
    for optimizer in state.optimizers.values():
        optimizer.step()
    state.position = Position(epoch=3, best_loss=0.5, best_epoch=3)
    checkpoint.save(tmp_path, state)
    names = load_file(tmp_path / "000003-000000" / "tensors.safetensors")
    assert "optimizer.model.encoders.0.1.weight.exp_avg" in names
    assert "optimizer.other.decoder.0.weight.momentum_buffer" in names
    again = initial_state(build(TINY, seed=1), lr=1e-3)
    again.optimizers["other"] = torch.optim.SGD(
        again.model.decoder.parameters(), lr=0.1, momentum=0.9
    )
    assert checkpoint.load(tmp_path, again)
    assert again.position == state.position
    for name, optimizer in state.optimizers.items():
        found = again.optimizers[name].state_dict()["state"]
        for index, moments in optimizer.state_dict()["state"].items():
            for key, value in moments.items():
                assert torch.equal(torch.as_tensor(found[index][key]), torch.as_tensor(value))


def test_a_model_is_traced_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []

    def counted(*a: Any) -> Any:
        calls.append(a)
        return check(*a)

    monkeypatch.setattr(model_file, "check", counted)
    model = TINY.model_copy(update={"title": "Never seen before"})
    model.architecture()
    model.long_form()
    build(model.model_copy())
    assert len(calls) == 1


def test_settings_are_checked_by_name() -> None:
    for settings, words in (
        ({"epochs": 0}, "epochs=0"),
        ({"lr": -1.0}, "lr=-1.0"),
        ({"precision": "fp8"}, "precision='fp8'"),
        ({"momentum": 1}, "momentum"),
    ):
        with pytest.raises(InputError, match=words):
            zatlas.train(TINY, IMAGES, out="never", **settings)
    assert not Path("never").exists()


def test_the_model_given_is_not_changed(tmp_path: Path) -> None:
    before = copy.deepcopy(TINY.model_dump())
    zatlas.train(TINY, IMAGES, valid=0.25, out=tmp_path / "r", epochs=1)
    assert TINY.model_dump() == before


def test_images_on_the_device_give_the_same_batches() -> None:
    rows = np.array([5, 3, 110])
    buffer = torch.empty(4, 3, 8, 8)
    from_file = steps.gather(buffer, (-1.0, 1.0), IMAGES, rows).clone()
    on_device = steps.gather(buffer, (-1.0, 1.0), torch.from_numpy(IMAGES), rows)
    assert torch.equal(on_device, from_file)


def test_compiling_is_for_long_runs_on_a_gpu() -> None:
    assert not pick("fp32", torch.device("cpu"), steps=10**9).compiled
    assert not pick("fp32", torch.device("cuda"), steps=100).compiled
    assert pick("fp32", torch.device("cuda"), steps=10**6).compiled


def test_a_run_that_ends_within_its_warm_up_holds_its_last_weights(tmp_path: Path) -> None:
    objective = read_objective(["sse()", "kl(warmup_epochs=9)"])
    model = TINY_GAUSSIAN.model_copy(update={"objective": objective})
    run = zatlas.train(model, IMAGES, valid=0.25, out=tmp_path / "r", epochs=3)
    assert run.best_epoch == 3
    state = load_file(next((run.path / "state").glob("*/tensors.safetensors")))
    for name, weight in load_file(run.path / "model.safetensors").items():
        assert torch.equal(state[f"model.{name}"], weight)
