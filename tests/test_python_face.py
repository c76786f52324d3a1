"""What Python users call and hold: the atlas, edits, plates, notebook displays, their errors."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch

import zatlas
from conftest import discs
from zatlas.errors import InputError
from zatlas.run.run import Run
from zatlas.workflows.atlas_view import Atlas

PNG = b"\x89PNG"


@pytest.fixture(scope="module")
def tiny_atlas(tiny_run: Run) -> Atlas:
    """The atlas of the tiny run over 24 held-out images."""
    return tiny_run.atlas(tiny_run.path.parent / "held-out.npy", count=24)


def test_an_atlas_is_a_sequence_of_elements(tiny_run: Run, tiny_atlas: Atlas) -> None:
    assert len(tiny_atlas) == 4
    assert [effect.element for effect in tiny_atlas] == [0, 1, 2, 3]
    assert tiny_atlas[1].element == 1
    assert tiny_atlas[-1].element == 3
    assert tiny_atlas[1].sentence.startswith("z[1]")
    assert str(tiny_atlas.record.n) in tiny_atlas[1].sentence
    luminance = tiny_atlas[1].effects["luminance"]
    assert luminance.low is not None
    assert luminance.high is not None
    assert luminance.low <= luminance.mean <= luminance.high
    assert tiny_run.open_atlas()[1] == tiny_atlas[1]
    with pytest.raises(IndexError, match="4 elements"):
        tiny_atlas[4]
    for index in ("0", True, 1.0):
        with pytest.raises(InputError, match="element"):
            tiny_atlas[index]  # type: ignore[index]


def test_the_table_of_an_atlas_has_a_row_for_each_element_and_property(tiny_atlas: Atlas) -> None:
    rows = tiny_atlas.table()
    properties = [known.name for known in tiny_atlas.record.properties]
    assert [(row["element"], row["property"]) for row in rows] == [
        (element, name) for element in range(4) for name in tiny_atlas[element].effects
    ]
    assert {row["property"] for row in rows} == set(properties)
    for row in rows:
        effect = tiny_atlas[row["element"]].effects[row["property"]]
        assert (row["mean"], row["low"], row["high"]) == (effect.mean, effect.low, effect.high)
        assert all(value is None or isinstance(value, bool | int | float | str)
                   for value in row.values())  # fmt: skip


def test_results_show_themselves_in_a_notebook(
    tiny_run: Run, tiny_atlas: Atlas, tiny_images: Path
) -> None:
    assert tiny_atlas.figure(1)._repr_png_()[:4] == PNG
    assert tiny_atlas.figure()._repr_png_()[:4] == PNG
    assert "z[1]" in tiny_atlas._repr_html_()
    assert "latent elements" in tiny_run._repr_html_()
    assert zatlas.open_images(tiny_images)._repr_png_()[:4] == PNG
    plate = tiny_run.plate(["z[0] *= 2"], tiny_images, index=[0, -1], count=20)
    assert plate._repr_png_()[:4] == PNG
    assert plate.record.index == (0, 39)
    assert tiny_run.traversals([0, 3], tiny_images)._repr_png_()[:4] == PNG


def test_edits_are_measured_as_typed(tiny_run: Run, tiny_images: Path) -> None:
    images = zatlas.open_images(tiny_images)
    texts = ["z[0] *= 2", "z[2] += 5", "z[0] *= 2"]
    effects = tiny_run.edits(texts, images, count=20)
    assert [effect.edit for effect in effects] == texts
    assert effects[0] == effects[2]
    assert "z[0] *= 2" in effects[0].sentence
    assert effects[0].n == 20
    alone = tiny_run.edits(texts[1:2], images[:], count=20)[0]
    assert alone.effects["luminance"].mean == effects[1].effects["luminance"].mean


def test_a_run_answers_claims(tiny_run: Run, tmp_path: Path) -> None:
    done = tiny_run.examine(
        ["z[0] *= 2"], out=tmp_path / "out", says=["element 1 turns the head"], count=20
    )
    assert done.run is tiny_run
    assert [effect.edit for effect in done.edits] == ["z[0] *= 2"]
    assert done.claims[0].claim == "element 1 turns the head"
    assert done.claims[0].verdict
    assert done.plate is not None
    assert done.plate._repr_png_()[:4] == PNG
    assert all(file.is_file() for file in done.written)


def test_a_report_is_examined_from_its_source(tiny_run: Run, tmp_path: Path) -> None:
    done = zatlas.examine(
        tiny_run.paths.model, ["z[1] += 1"], images=tiny_run.path.parent / "discs.npy",
        out=tmp_path / "out", says=["element 0 is colour"], epochs=1, count=12,
    )  # fmt: skip
    assert done.edits[0].n == 12
    assert len(done.claims) == 1
    assert zatlas.open_run(tmp_path / "out" / "run").model.latent == 4
    assert (tmp_path / "out" / "report.html") in done.written


WRONG_IMAGES = {
    "list": discs(3).tolist(),
    "tensor": torch.from_numpy(discs(3)),
    "floats": discs(3).astype(np.float32),
    "one picture": discs(3)[0],
    "another size": discs(3, size=9),
    "grey": discs(3)[..., :1],
}


@pytest.mark.parametrize("images", WRONG_IMAGES.values(), ids=WRONG_IMAGES)
@pytest.mark.parametrize(
    "call",
    [
        lambda run, images: run.encode(images),
        lambda run, images: run.posterior(images),
        lambda run, images: run.reconstruct(images),
        lambda run, images: run.atlas(images),
        lambda run, images: run.edits(["z[0] *= 2"], images),
        lambda run, images: run.plate(["z[0] *= 2"], images),
        lambda run, images: run.traversals([0], images),
    ],
    ids=["encode", "posterior", "reconstruct", "atlas", "edits", "plate", "traversals"],
)
def test_other_images_are_refused(
    call: Callable[[Run, object], object], images: object, tiny_run: Run
) -> None:
    with pytest.raises(InputError, match=r"^images: ") as fault:
        call(tiny_run, images)
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize(
    "codes",
    [
        [[0.0] * 4], torch.zeros(2, 4), np.zeros((2, 5), np.float32), np.zeros((2, 4), "U1"),
        np.float32(1),
    ],
    ids=["list", "tensor", "another length", "text", "a number"],
)  # fmt: skip
def test_other_codes_are_refused(codes: object, tiny_run: Run) -> None:
    for call in (
        lambda: tiny_run.decode(codes),  # type: ignore[arg-type]
        lambda: tiny_run.decode_preview(codes),  # type: ignore[arg-type]
        lambda: tiny_run.edit(codes, "z[0] += 1"),  # type: ignore[arg-type]
    ):
        with pytest.raises(InputError, match=r"^codes: "):
            call()


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("codes", lambda run: run.traverse([0.0] * 4, 0)),
        ("codes", lambda run: run.traverse(np.zeros((1, 3)), 0)),
        ("elements=4", lambda run: run.traverse(np.zeros(4), 4)),
        ("steps=4", lambda run: run.traverse(np.zeros(4), 0, steps=4)),
        ("span=-1", lambda run: run.traverse(np.zeros(4), 0, span=-1)),
        ("start", lambda run: run.interpolate(torch.zeros(4), np.zeros(4))),
        ("end", lambda run: run.interpolate(np.zeros(4), np.zeros(3))),
        ("steps=1", lambda run: run.interpolate(np.zeros(4), np.ones(4), steps=1)),
        ("count=0", lambda run: run.sample(0)),
        ("count=2.5", lambda run: run.sample(2.5)),
        ("sampler='x'", lambda run: run.sample(2, sampler="x")),
        ("texts", lambda run: run.edits("z[0] *= 2", discs(20))),
        ("texts", lambda run: run.plate("z[0] *= 2", discs(20))),
        ("elements='0-3'", lambda run: run.traversals("0-3", discs(20))),
        ("count=1", lambda run: run.edits(["z[0] *= 2"], discs(20), count=1)),
        ("index=40", lambda run: run.plate(["z[0] *= 2"], discs(40), index=[40])),
    ],
)
def test_an_error_names_the_argument(
    name: str, call: Callable[[Run], object], tiny_run: Run
) -> None:
    with pytest.raises(InputError) as fault:
        call(tiny_run)
    assert str(fault.value).startswith(name)
    assert "--" not in str(fault.value)


CONVERSIONS = {
    "list": ([*discs(3)], "numpy.stack(images)"),
    "tensor": (
        torch.from_numpy(discs(3)).permute(0, 3, 1, 2),
        "images.permute(0, 2, 3, 1).numpy()",
    ),
    "floats": (discs(3) / 255, 'zatlas.prepare_images(images, "images.npy") converts them'),
    "channels first": (discs(3).transpose(0, 3, 1, 2), "images.transpose(0, 2, 3, 1)"),
    "one picture": (discs(3)[0], "images[None]"),
    "another size": (discs(3, size=9), 'zatlas.prepare_images(images, "images.npy", to=8)'),
}


@pytest.mark.parametrize(("images", "words"), CONVERSIONS.values(), ids=CONVERSIONS)
def test_images_of_another_kind_get_their_conversion(
    images: object, words: str, tiny_run: Run
) -> None:
    """usage A14: it was said to change the model file, or a tensor was printed."""
    for call in (tiny_run.encode, tiny_run.atlas):
        with pytest.raises(InputError) as fault:
            call(images)  # type: ignore[arg-type]
        assert words in str(fault.value)
        assert len(str(fault.value)) < 200


def test_one_code_and_many_are_taken_alike(tiny_run: Run) -> None:
    """usage A14: traverse took one code, edit and decode a batch."""
    codes = tiny_run.encode(discs(6))
    grid = codes.reshape(2, 3, 4)
    for shape in (codes[0], codes, grid):
        lead = shape.shape[:-1]
        edited = tiny_run.edit(shape, "z[0] += 1")
        assert edited.shape == shape.shape
        assert tiny_run.decode(edited).shape == (*lead, 8, 8, 3)
        swept, offsets = tiny_run.traverse(shape, 1, steps=5)
        assert swept.shape == (*lead, 5, 4)
        assert offsets.shape == (5,)
        assert tiny_run.interpolate(shape, edited, steps=3)[0].shape == (*lead, 3, 4)
    one, many = (tiny_run.traverse(each, 1, steps=5)[0] for each in (codes[4], grid))
    assert np.array_equal(many[1, 1], one)
    assert np.array_equal(tiny_run.decode(grid)[1, 1], tiny_run.decode(codes)[4])


def settings() -> tuple[object, ...]:
    """The settings of torch that belong to the whole process."""
    return (
        torch.get_num_threads(), torch.get_num_interop_threads(), torch.get_default_dtype(),
        torch.get_float32_matmul_precision(), torch.are_deterministic_algorithms_enabled(),
        torch.backends.cudnn.benchmark, torch.backends.mkldnn.enabled,
    )  # fmt: skip


@contextmanager
def watched() -> Iterator[set[tuple[object, ...]]]:
    """Collect the settings that another thread sees while the block runs."""
    seen, ended = set(), threading.Event()

    def watch() -> None:
        while not ended.is_set():
            seen.add(settings())
            time.sleep(0.0005)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


SETTERS = (
    "set_num_threads", "set_num_interop_threads", "set_default_dtype", "set_default_device",
    "set_float32_matmul_precision", "use_deterministic_algorithms", "manual_seed",
)  # fmt: skip


def test_no_call_changes_a_setting_of_the_process(
    tiny_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("a setting of the process was changed")

    for name in SETTERS:
        monkeypatch.setattr(torch, name, refuse)
    before, images, inside = settings(), discs(60, seed=4), set()
    with watched() as seen:
        codes = tiny_run.encode(images)
        tiny_run.decode(codes)
        tiny_run.atlas(images, count=20, progress=lambda done, total: inside.add(settings()))
        tiny_run.edits(["z[0] *= 2"], images, count=20)
    assert inside
    assert len(seen | inside) <= 2  # torch counts its threads for each calling thread
    assert {kept[3:] for kept in seen | inside} == {before[3:]}
    assert settings() == before


def test_threads_may_call_a_run_at_once(tiny_run: Run) -> None:
    images = [discs(300, seed=seed) for seed in range(4)]
    alone = [tiny_run.encode(each) for each in images]
    with ThreadPoolExecutor(2) as pool:
        for _ in range(3):
            for codes, known in zip(pool.map(tiny_run.encode, images), alone, strict=True):
                assert np.array_equal(codes, known)
        pictures = list(pool.map(tiny_run.decode, alone))
    for made, codes in zip(pictures, alone, strict=True):
        assert np.array_equal(made, tiny_run.decode(codes))
