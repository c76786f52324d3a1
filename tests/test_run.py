"""The public Python face: open, encode, edit, decode, and what a damaged folder says."""

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

import zatlas
from conftest import TINY_GAUSSIAN, discs
from zatlas.errors import InputError
from zatlas.run.evidence import kept_reconstruction
from zatlas.run.run import Run


def test_encode_edit_decode(tiny_run: Run) -> None:
    faces = discs(8, seed=3)
    z = tiny_run.encode(faces)
    before = z.copy()
    assert z.dtype == np.float32
    assert z.shape == (8, 4)
    z2 = tiny_run.edit(z, "z[0] *= 2; z[2] += 5")
    assert np.array_equal(z, before)
    assert z2 == pytest.approx(z * [2, 1, 1, 1] + [0, 0, 5, 0])
    pictures = tiny_run.decode(z2)
    assert pictures.dtype == np.uint8
    assert pictures.shape == (8, 8, 8, 3)
    assert np.array_equal(tiny_run.reconstruct(faces), tiny_run.decode(z))


def test_encoding_is_deterministic_and_does_not_depend_on_its_company(tiny_run: Run) -> None:
    faces = discs(300, seed=3)
    alone = np.concatenate([tiny_run.encode(faces[i : i + 1]) for i in (0, 130, 299)])
    assert tiny_run.encode(faces)[[0, 130, 299]] == pytest.approx(alone, abs=1e-5)
    assert np.array_equal(tiny_run.encode(faces), tiny_run.encode(faces))


def test_gaussian_codes_are_means_and_samples_come_from_the_prior(tmp_path: Path) -> None:
    run = zatlas.train(TINY_GAUSSIAN, discs(60), valid=0.25, out=tmp_path / "r", epochs=1)
    codes, sd = run.posterior(discs(5))
    assert sd is not None
    assert (sd > 0).all()
    assert np.array_equal(codes, run.encode(discs(5)))
    assert np.array_equal(run.sample(4, seed=1), run.sample(4, seed=1, sampler="prior"))
    with pytest.raises(InputError, match="prior, normal, mixture"):
        run.sample(4, sampler="uniform")


def test_a_plain_bottleneck_is_sampled_around_its_codes_or_from_the_standard_normal(
    tiny_run: Run,
) -> None:
    assert tiny_run.sample(4).shape == (4, 4)
    drawn = tiny_run.sample(20_000, sampler="prior")
    assert drawn.mean(0) == pytest.approx(np.zeros(4), abs=0.05)
    assert drawn.std(0) == pytest.approx(np.ones(4), rel=0.05)


def test_a_run_opens_again_as_it_was(tiny_run: Run) -> None:
    again = zatlas.open_run(tiny_run.path)
    faces = discs(8, seed=3)
    assert np.array_equal(again.encode(faces), tiny_run.encode(faces))
    assert again.statistics.count == 120
    assert again.name == "model file"
    assert len(again.history) == 3
    assert np.array_equal(again.held_out().pictures(), discs(40, seed=1))
    assert again.best_epoch == 1 + np.argmin([row.valid_loss for row in again.history])


def test_evidence_of_reconstruction_is_what_numpy_says(tiny_run: Run) -> None:
    images = discs(40, seed=1)
    record = kept_reconstruction(tiny_run)
    x, y = (a.astype(float) * 2 / 255 - 1 for a in (images, tiny_run.reconstruct(images)))
    errors = ((x - y) ** 2).mean((1, 2, 3))
    metrics = record.metrics
    assert metrics["mse"].mean == pytest.approx(errors.mean(), rel=1e-5)
    assert metrics["psnr"].mean == pytest.approx((10 * np.log10(4 / errors)).mean(), rel=1e-5)
    laplacians = [
        sum(np.roll(a.mean(3), s, axis=d) for s, d in ((1, 1), (-1, 1), (1, 2), (-1, 2)))
        - 4 * a.mean(3)
        for a in (y, x)
    ]
    sharp, true = (a[:, 1:-1, 1:-1].reshape(len(a), -1).std(1) for a in laplacians)
    assert metrics["sharpness"].per_image == pytest.approx(sharp / true, rel=1e-3)
    assert record.best == errors.argmin()
    assert record.worst == errors.argmax()
    assert metrics["mse"].interval is not None
    low, high = metrics["mse"].interval
    half = 1.96 * errors.std(ddof=1) / np.sqrt(len(errors))
    assert low < errors.mean() < high
    assert high - low == pytest.approx(2 * half, rel=0.25)


def test_pictures_of_another_size_are_refused(tiny_run: Run) -> None:
    with pytest.raises(InputError, match="to=8"):
        tiny_run.encode(discs(3, size=9))
    with pytest.raises(InputError, match=r"\(N, 4\)"):
        tiny_run.decode(np.zeros((2, 5), np.float32))


def test_a_damaged_folder_says_what_is_wrong(tiny_run: Run, tmp_path: Path) -> None:
    def copy(name: str) -> Path:
        target = tmp_path / name
        target.mkdir()
        for file in ("config.yaml", "model.yaml", "model.safetensors", "codes.npz", "history.csv"):
            (target / file).write_bytes((tiny_run.path / file).read_bytes())
        return target

    with pytest.raises(InputError, match="no run folder"):
        zatlas.open_run(tmp_path / "nowhere")
    for missing in ("model.yaml", "model.safetensors"):
        folder = copy(f"without {missing}")
        (folder / missing).unlink()
        with pytest.raises(InputError, match=rf"{missing}: missing"):
            zatlas.open_run(folder)
    cut = copy("cut")
    weights = (cut / "model.safetensors").read_bytes()
    (cut / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(InputError, match="holds no weights of this model"):
        zatlas.open_run(cut)
    newer = copy("newer")
    config = yaml.safe_load((newer / "config.yaml").read_text())
    (newer / "config.yaml").write_text(yaml.safe_dump({**config, "format": 99}))
    with pytest.raises(InputError, match="newer zatlas"):
        zatlas.open_run(newer)
    odd = copy("odd")
    (odd / "config.yaml").write_text("{")
    with pytest.raises(InputError, match=r"config\.yaml"):
        zatlas.open_run(odd)


def test_images_that_changed_since_are_not_taken_for_the_old(tiny_run: Run) -> None:
    assert tiny_run.config.held_out.path is not None
    file = Path(tiny_run.config.held_out.path)
    kept = file.read_bytes()
    try:
        np.save(file, discs(40, seed=2))
        with pytest.raises(InputError, match="has changed since"):
            tiny_run.held_out()
    finally:
        file.write_bytes(kept)


def test_a_glimpse_is_nearly_the_decoded_picture(tiny_run: Run, tiny_images: Path) -> None:
    codes = tiny_run.encode(np.load(tiny_images))
    exact, quick = tiny_run.decode(codes).astype(int), tiny_run.decode_preview(codes).astype(int)
    assert np.abs(exact - quick).max() <= 3
    assert tiny_run.model.decoder[0].weight.dtype == torch.float32


def test_codes_of_another_shape_are_refused(tiny_run: Run) -> None:
    codes = tiny_run.encode(discs(3))
    for call in (
        lambda: tiny_run.edit(codes[:, :3], "z[0] += 1"),
        lambda: tiny_run.interpolate(codes[:2], codes[:3]),
        lambda: tiny_run.interpolate(codes[0], codes[1][:3]),
    ):
        with pytest.raises(InputError, match="shape"):
            call()
