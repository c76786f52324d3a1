"""Headers that lie and run folders that were changed: one line names the file and the field."""

import copy
import io
import json
import shutil
import struct
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from safetensors.torch import load_file, save_file

import zatlas
from conftest import TINY, Zatlas, discs
from zatlas.errors import InputError
from zatlas.images import open_images
from zatlas.plain_yaml import parse_yaml
from zatlas.run.evidence import kept_atlas, kept_edits, kept_reconstruction
from zatlas.run.run import Run, open_run

# 13: arrays and YAML


def npy(shape: str, descr: str = "'|u1'", data: bytes = b"") -> bytes:
    """A file of the NPY format with any header."""
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}".encode()
    header = header.ljust(-(-len(header) // 64) * 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


HEADERS = {
    "65 axes": npy(f"({'1, ' * 65})", data=b"\0"),
    "elements of size 0": npy(f"({2**62}, 8, 8, 3)", "'|V0'"),
    "text of size 0": npy("(9, 8, 8, 3)", "'<U0'"),
    "a boolean for a side": npy("(True, 8, 8, 3)", data=bytes(192)),
    "zero times 2^70": npy(f"(0, {2**70}, 8, 3)"),
    "zero times 2^62 twice": npy(f"(0, {2**62}, {2**62}, 3)"),
    "a side below 0": npy("(-1, 8, 8, 3)"),
    "2^70 images": npy(f"({2**70}, 8, 8, 3)"),
    "a text for a side": npy("('a', 8, 8, 3)"),
}


@pytest.mark.parametrize("packed", [False, True], ids=["npy", "npz"])
@pytest.mark.parametrize("name", HEADERS)
def test_headers_of_arrays_that_lie(name: str, packed: bool, tmp_path: Path) -> None:
    """Robustness 13."""
    file = tmp_path / ("a.npz" if packed else "a.npy")
    if packed:
        import zipfile

        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("images.npy", HEADERS[name])
    else:
        file.write_bytes(HEADERS[name])
    with pytest.raises(InputError, match=file.name):
        open_images(file)


def test_numbers_in_base_60_are_texts() -> None:
    """Robustness 13: a megabyte of them would be computed for hours."""
    assert parse_yaml("a: 1:30", "x") == {"a": "1:30"}
    assert parse_yaml("a: 1:30.5", "x") == {"a": "1:30.5"}
    assert parse_yaml("a: [12, 0x1f, 1.5, -.inf]", "x") == {"a": [12, 31, 1.5, -np.inf]}
    assert len(parse_yaml("a: 1" + ":1" * 500_000, "x")["a"]) == 1_000_001


@pytest.mark.parametrize("text", ['a: "\\ud800"', '"\\udfff": 1', '["a\\udc00b"]'])
def test_half_a_character_in_yaml(text: str) -> None:
    """Robustness 13."""
    with pytest.raises(InputError, match=r"m.yaml line 1: .*surrogate"):
        parse_yaml(text, "m.yaml")


def test_names_that_no_file_has(tmp_path: Path, zatlas: Zatlas, tiny_run: Run) -> None:
    """Robustness 13."""
    pictures = discs(3)
    with pytest.raises(InputError, match="is no name of a file"):
        zatlas_prepare(pictures, f"{tmp_path}/a\0b.npy")
    for read in (open_images, open_run):
        with pytest.raises(InputError):
            read("a\0b")
    out = f"{tmp_path}/\udcff.npy"
    status, _, err = zatlas("images", "prepare", tiny_run.path.parent / "discs.npy", out)
    assert (status, err.count("\n")) == (2, 1)
    assert "is not UTF-8; give the file another name" in err


def zatlas_prepare(images: Any, out: str) -> None:
    zatlas.prepare_images(images, out)


# 14: run folders that were changed


@pytest.fixture(scope="module")
def measured(tiny_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with an atlas and a plate of edits."""
    folder = shutil.copytree(tiny_run.path, tmp_path_factory.mktemp("measured") / "run")
    run, images = open_run(folder), tiny_run.path.parent / "held-out.npy"
    run.atlas(images, count=10)
    record = run.plate(["z[0] += 1"], images, count=10).record
    from zatlas.run.evidence import keep_edits

    keep_edits(run, record)
    return folder


@pytest.fixture
def run(measured: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(measured, tmp_path / "run"))


Where = tuple[str | int, ...]


def fields(value: Any, where: Where = ()) -> Iterator[tuple[Where, Any]]:
    """Every field of plain data; of a list, and of effects by name, the first one."""
    if where:
        yield where, value
    if isinstance(value, list):
        items: list[tuple[str | int, Any]] = [(0, one) for one in value[:1]]
    else:
        items = list(value.items()) if isinstance(value, dict) else []
        items = items[:1] if where and where[-1] == "effects" else items
    for key, one in items:
        yield from fields(one, (*where, key))


def wrong(value: Any) -> list[Any]:
    """Values of other types than that of ``value``."""
    if isinstance(value, bool):
        return ["x", 7, [], {}]
    if isinstance(value, int | float):
        return ["x", [], {}]
    if isinstance(value, str):
        return [7, [], {}, "\ud800"]
    if value is None:  # a text or a number may stand there
        return [{"a": 1}]
    return ["x", 7] if isinstance(value, dict) else ["x", 7, {"a": 1}]


def changed(data: Any, where: Where, value: Any) -> Any:
    """A copy of plain data with another value in one place."""
    data = copy.deepcopy(data)
    place = data
    for key in where[:-1]:
        place = place[key]
    place[where[-1]] = value
    return data


RECORDS: dict[str, Callable[[Run], object]] = {
    "reconstruction": kept_reconstruction, "edits": kept_edits, "atlas": kept_atlas,
}  # fmt: skip
UNNAMED = ("sentence", "summary")  # computed, so the stored one is not read


@pytest.mark.parametrize(
    "name", ["reconstruction", "edits", pytest.param("atlas", marks=pytest.mark.long)]
)
def test_every_field_of_the_evidence_is_checked(name: str, run: Path) -> None:
    """Robustness 14."""
    file = run / "evidence" / f"{name}.json"
    opened, data = open_run(run), json.loads(file.read_text())
    seen = 0
    for where, value in fields(data):
        if where[-1] in UNNAMED:
            continue
        values = wrong(value)
        for other in values if seen < 60 else values[seen % len(values) :][:1]:
            file.write_text(json.dumps(changed(data, where, other)))
            with pytest.raises(InputError, match=f"{name}.json: ") as fault:
                RECORDS[name](opened)
            line = str(fault.value)
            assert str(where[0]) in line or "surrogates" in line
            seen += 1
    assert seen > 60


CONFIG: dict[str, tuple[Any, ...]] = {
    "computing.threads": (0, "two", None, 2.5), "computing.matmul": (1,),
    "computing.name": ("fp8",), "computing.compiled": ("x",), "training.seed": (-1, "0", None),
    "training.epochs": ("3", 0, 2.5), "training.lr": ("x", float("nan"), 0),
    "training.batch_size": (0, "x"), "training.patience": ("x", 0), "training.precision": ("x",),
    "images.count": ("x", 0, -5), "images.path": (5, []), "images.fingerprint": (5, None),
    "valid": ("x", []), "model": (5,), "command": (5,), "versions": ([], {"zatlas": 3}),
    "machine": ("x",), "format": ("x", None),
}  # fmt: skip


@pytest.mark.parametrize("name", [*CONFIG, "unknown", "training.unknown", "images.unknown"])
def test_every_field_of_the_configuration_is_checked(name: str, run: Path) -> None:
    """Robustness 14."""
    file = run / "config.yaml"
    data = yaml.safe_load(file.read_text())
    for value in CONFIG.get(name, (1,)):
        file.write_text(yaml.safe_dump(changed(data, tuple(name.split(".")), value)))
        with pytest.raises(InputError, match="config.yaml: ") as fault:
            open_run(run)
        assert name.split(".")[-1] in str(fault.value) or name == "format"


@pytest.mark.parametrize("name", ["training.seed", "training", "computing.threads", "model"])
def test_a_field_of_the_configuration_that_is_missing(name: str, run: Path) -> None:
    """Robustness 14: a run of today says every setting."""
    file = run / "config.yaml"
    data = yaml.safe_load(file.read_text())
    place = data
    *folder, key = name.split(".")
    for part in folder:
        place = place[part]
    del place[key]
    file.write_text(yaml.safe_dump(data))
    with pytest.raises(InputError, match=f"config.yaml: {name}"):
        open_run(run)


def spoiled(**other: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def change(arrays: dict[str, Any]) -> dict[str, Any]:
        new = {k: v(arrays[k].copy()) if callable(v) else v for k, v in other.items()}
        return {**arrays, **new}

    return change


def first(value: float) -> Callable[[Any], Any]:
    """An array with another first number."""

    def change(array: Any) -> Any:
        array.flat[0] = value
        return array

    return change


CODES = {
    "NaN in the mean": spoiled(mean=first(np.nan)),
    "an infinite sd": spoiled(sd=first(np.inf)),
    "an sd below 0": spoiled(sd=first(-1)),
    "a covariance of NaN": spoiled(covariance=first(np.nan)),
    "a covariance of 0": spoiled(covariance=lambda a: 0 * a),
    "a covariance below 0": spoiled(covariance=lambda a: -a),
    "a covariance that is not symmetric": spoiled(covariance=lambda a: a + np.triu(a, 1) + 9),
    "quantiles out of order": spoiled(quantiles=lambda a: a[::-1]),
    "levels out of order": spoiled(levels=lambda a: a[::-1]),
    "no codes": spoiled(codes=lambda a: a[:0]),
    "no quantiles": spoiled(quantiles=lambda a: a[:0], levels=lambda a: a[:0]),
    "codes of NaN": spoiled(codes=first(np.nan)),
    "no images": spoiled(count=np.int64(0)),
    "images as a text": spoiled(count=np.str_("many")),
    "an array too many": spoiled(more=np.zeros(3)),
}


@pytest.mark.parametrize("name", CODES)
def test_statistics_of_codes_that_are_none(name: str, run: Path) -> None:
    """Robustness 14."""
    file = run / "codes.npz"
    arrays = CODES[name](dict(np.load(file)))
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    file.write_bytes(buffer.getvalue())
    with pytest.raises(InputError, match="codes.npz: holds no statistics of 4 latent elements"):
        _ = open_run(run).statistics


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_weights_that_are_none(value: float, run: Path, zatlas: Zatlas, tmp_path: Path) -> None:
    """Robustness 14: no warning of a library comes before the line."""
    file = run / "model.safetensors"
    weights = load_file(file)
    name = sorted(weights)[0]
    weights[name].view(-1)[0] = value
    save_file(weights, file)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        status, _, err = zatlas("sample", run, "--out", tmp_path / "s.png")
    assert (status, err.count("\n")) == (2, 1)
    assert f"holds no weights of this model ({name} is not finite, or too large)" in err


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [("\n1,", "\nnan,", "epoch"), ("\n2,", "\n7,", "epoch"), ("\n1,", "\n0,", "epoch"),
     ("train_loss", "loss", "train_loss"), ("seconds", "", "seconds")],
)  # fmt: skip
def test_histories_that_are_none(old: str, new: str, word: str, run: Path) -> None:
    """Robustness 14."""
    file = run / "history.csv"
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=f"history.csv: is no history of a run .*{word}"):
        _ = open_run(run).history


@pytest.mark.parametrize("value", ["nan", "inf", "1" + "0" * 400, "-1e999", "x", ""])
def test_numbers_of_a_history_that_are_none(value: str, run: Path) -> None:
    """Robustness 14."""
    file = run / "history.csv"
    header, row, *_ = file.read_text().splitlines()
    for place in range(1, len(row.split(","))):
        cells = row.split(",")
        cells[place] = value
        file.write_text(f"{header}\n{','.join(cells)}\n")
        with pytest.raises(InputError, match="history.csv: is no history"):
            _ = open_run(run).history


RECONSTRUCTION: dict[str, dict[str, Any]] = {
    "a best image that is none": {"best": 999}, "a worst image that is none": {"worst": -1},
    "no metric": {"metrics": {}}, "no image": {"n": 0}, "a newer schema": {"schema": 99},
    "a schema that is none": {"schema": "x"}, "a schema of NaN": {"schema": float("nan")},
}  # fmt: skip


@pytest.mark.parametrize("name", RECONSTRUCTION)
def test_numbers_that_belong_to_no_image(name: str, run: Path) -> None:
    """Robustness 14."""
    file = run / "evidence" / "reconstruction.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | RECONSTRUCTION[name]))
    with pytest.raises(InputError, match="reconstruction.json: ") as fault:
        kept_reconstruction(open_run(run))
    assert next(iter(RECONSTRUCTION[name])) in str(fault.value)


def test_an_atlas_of_another_code(run: Path) -> None:
    """Robustness 14."""
    file = run / "evidence" / "atlas.json"
    data = json.loads(file.read_text())
    one, *others = data["elements"]
    changes: list[dict[str, Any]] = [
        {"element": 99}, {"element": others[0]["element"]}, {"curve": []}, {"lines": []},
        {"steps": []}, {"effects": {}}, {"curve": [[1]]}, {"lines": [[[1.0]]]},
    ]  # fmt: skip
    for change in changes:
        file.write_text(json.dumps(data | {"elements": [one | change, *others]}))
        with pytest.raises(InputError, match=r"atlas.json: elements: .*zatlas atlas"):
            kept_atlas(open_run(run))
    for key in ("rows", "properties", "elements"):
        file.write_text(json.dumps(data | {key: []}))
        with pytest.raises(InputError, match=f"atlas.json: .*{key}.*zatlas atlas"):
            kept_atlas(open_run(run))


# 15: an edit that is no text


@pytest.mark.parametrize("text", [None, 5, ["z[0] = 1"], b"z[0] = 1"])
def test_an_edit_is_a_text(text: Any, tiny_run: Run) -> None:
    """Robustness 15."""
    codes = tiny_run.encode(discs(2))
    with pytest.raises(InputError, match="text=.*give an edit as a text"):
        tiny_run.edit(codes, text)
    assert TINY.title == "Tiny"
