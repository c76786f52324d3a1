"""Every kind of source, the friendly and the hostile ones."""

import gzip
import io
import json
import pickle
import struct
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from zatlas.errors import InputError
from zatlas.images import open_images, prepare_images
from zatlas.images.sources import open_source


@pytest.fixture
def pictures() -> Any:
    return np.random.default_rng(1).integers(0, 256, (6, 8, 10, 3), dtype=np.uint8)


def png(pixels: Any) -> Any:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def prepared(tmp_path: Path, source: Any, **words: Any) -> Any:
    done = prepare_images(source, tmp_path / "prepared.npy", overwrite=True, **words)
    return done, open_images(tmp_path / "prepared.npy")


# Arrays


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (lambda a: a, ""),
        (lambda a: a.astype(np.int64), ""),
        (lambda a: a.astype(np.uint16) * 257, "16-bit"),
        (lambda a: (a / 255).astype(np.float32), "floats of 0 to 1"),
        (lambda a: (a / 127.5 - 1).astype(np.float64), "floats of -1 to 1"),
        (lambda a: (a / 127.5 - 1).astype(np.float32), "floats of -1 to 1"),
        (lambda a: np.moveaxis(a, -1, 1), "(N,C,H,W)"),
        (lambda a: np.asfortranarray(a), ""),
        (lambda a: np.concatenate([a, np.full_like(a[..., :1], 255)], -1), ""),
    ],
)
@pytest.mark.parametrize("kind", ["npy", "memory"])
def test_arrays_of_any_kind_become_the_same_set(
    tmp_path: Path, pictures: Any, change: Any, note: Any, kind: Any
) -> None:
    source = change(pictures)
    if kind == "npy":
        np.save(tmp_path / "a.npy", source)
        source = tmp_path / "a.npy"
    done, images = prepared(tmp_path, source)
    np.testing.assert_array_equal(images.array, pictures)
    assert note in " ".join(done.notes)
    assert bool(note) == bool(done.notes)


def test_masks_become_black_and_white(tmp_path: Path) -> None:
    mask = np.eye(8)[None].repeat(3, 0)
    for dtype in (np.uint8, np.bool_, np.int32):
        done, images = prepared(tmp_path, mask.astype(dtype))
        assert images.shape == (8, 8, 1)
        np.testing.assert_array_equal(images.array[..., 0], mask * 255)
        assert "mask" in done.notes[0]


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.full((3, 8, 8), np.nan), "NaN or infinite values, first in picture 0"),
        (np.full((3, 8, 8), np.inf), "NaN or infinite"),
        (np.full((3, 8, 8), 200.0), "floats from 200 to 200"),
        (np.full((3, 8, 8), -1.5), "floats from -1.5"),
        (np.full((3, 8, 8), 4095, np.int32), "values from 4095"),
        (np.full((3, 8, 8), -7, np.int8), "values from -7"),
        (np.full((3, 8, 8), 1j), "complex"),
        (np.full((3, 8, 8), "x"), "values of type <U1"),
        (np.zeros((3, 8, 8), [("r", "u1")]), "values of type"),
        (np.zeros((3, 1, 1, 3), np.uint8), "1x1"),
        (np.zeros((0, 8, 8, 3), np.uint8), "empty"),
        (np.zeros((3, 8, 8, 3, 1), np.uint8), "images are"),
        (np.uint8(3), "images are"),
    ],
)
def test_arrays_that_are_refused(tmp_path: Path, array: Any, words: Any) -> None:
    np.save(tmp_path / "bad.npy", array)
    with pytest.raises(InputError, match=words):
        prepare_images(tmp_path / "bad.npy", tmp_path / "out.npy")
    assert not (tmp_path / "out.npy").exists()


def test_the_picture_with_nan_is_named(tmp_path: Path) -> None:
    array = np.zeros((300, 8, 8), np.float32)
    array[217, 3, 3] = np.nan
    with pytest.raises(InputError, match="picture 217"):
        prepare_images(array, tmp_path / "out.npy")


def test_labels_beside_an_array_are_kept(tmp_path: Path, pictures: Any) -> None:
    np.save(tmp_path / "a.npy", pictures)
    (tmp_path / "a.csv").write_text("index,age\n" + "".join(f"{i},{i * 1.5}\n" for i in range(6)))
    done, images = prepared(tmp_path, tmp_path / "a.npy", gray=True)
    assert done.labels == ("age",)
    np.testing.assert_array_equal(images.labels["age"], np.arange(6) * 1.5)


def header(shape: Any, descr: Any = "'|u1'") -> Any:
    words = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(words)) + words


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not an array file"),
        (b"PK\x03\x04 not numpy", "not an array file"),
        (header((1 << 40, 1 << 20, 64, 3)), "cut short: 0 bytes"),
        (header((10, 64, 64, 3)) + b"\0" * 1000, "cut short: 1,000 bytes of the 122,880"),
        (header((-1, 8, 8, 3)), "not an array"),
        (header("__import__('os').system('true')"), "not an array file"),
        (header((2, 8, 8), "'|O'"), "pickled Python objects"),
        (b"\x93NUMPY\x09\x00" + b"\0" * 100, "not an array file"),
        (pickle.dumps(np.zeros((2, 8, 8))), "not an array file"),
    ],
)
def test_array_files_that_lie(tmp_path: Path, data: Any, words: Any) -> None:
    (tmp_path / "bad.npy").write_bytes(data)
    for opener in (open_images, open_source):
        with pytest.raises(InputError, match=words):
            opener(tmp_path / "bad.npy")


class Trap:
    def __reduce__(self) -> Any:
        return exec, ("raise SystemExit('a pickle was run')",)


def test_pickles_are_never_run(tmp_path: Path, pictures: Any) -> None:
    objects = np.array([Trap(), Trap()], dtype=object)
    np.save(tmp_path / "trap.npy", objects, allow_pickle=True)
    np.savez(tmp_path / "trap.npz", images=objects)
    np.savez(tmp_path / "label.npz", images=pictures, names=objects, who=objects)
    for name in ("trap.npy", "trap.npz"):
        with pytest.raises(InputError, match="pickled Python objects, which are never loaded"):
            open_images(tmp_path / name)
    done, images = prepared(tmp_path, tmp_path / "label.npz")
    assert len(images) == 6
    assert "who" in done.notes[0]


# Archives of arrays


def test_npz_with_named_factors(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 9, (6, 2), dtype=np.uint8)
    np.savez_compressed(
        tmp_path / "d.npz",
        imgs=np.eye(8, dtype=np.uint8)[None].repeat(6, 0),
        latents_classes=classes,
        latents_values=classes / 9,
        latents_names=np.array(["shape", "index"]),
        latents_sizes=np.array([9, 9]),
        row=np.arange(6)[:, None],
        who=np.array([b"ann", b"bob"] * 3),
        noise=rng.normal(size=(6, 5)),
    )
    done, images = prepared(tmp_path, tmp_path / "d.npz")
    assert done.labels == ("shape", "index_", "row", "who")
    np.testing.assert_array_equal(images.labels["shape"], classes[:, 0])
    np.testing.assert_array_equal(images.labels["index_"], classes[:, 1])
    np.testing.assert_array_equal(images.labels["row"], np.arange(6))
    assert images.labels["who"].tolist() == ["ann", "bob"] * 3
    assert "latents_values, noise" in " ".join(done.notes)
    opened = open_images(tmp_path / "d.npz")
    np.testing.assert_array_equal(opened.array, images.array)
    np.testing.assert_array_equal(opened.labels["shape"], classes[:, 0])


def test_which_array_of_an_npz(tmp_path: Path, pictures: Any) -> None:
    np.savez(tmp_path / "one.npz", whatever=pictures, y=np.arange(6))
    done, images = prepared(tmp_path, tmp_path / "one.npz")
    np.testing.assert_array_equal(images.array, pictures)
    assert done.labels == ("y",)
    np.savez(tmp_path / "two.npz", train=pictures, test=pictures)
    with pytest.raises(InputError, match=r"several arrays of images.*train.*test"):
        open_images(tmp_path / "two.npz")
    np.savez(tmp_path / "none.npz", y=np.arange(6))
    with pytest.raises(InputError, match="no array of images"):
        open_images(tmp_path / "none.npz")


def test_npz_that_are_damaged(tmp_path: Path, pictures: Any) -> None:
    np.savez(tmp_path / "good.npz", images=pictures)
    data = (tmp_path / "good.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(data[:-200])
    (tmp_path / "flip.npz").write_bytes(data[:400] + bytes([data[400] ^ 1]) + data[401:])
    with zipfile.ZipFile(tmp_path / "lie.npz", "w") as archive:
        archive.writestr("images.npy", header((1 << 50, 64, 64, 3)))
    for name, words in (("cut", "complete .npz"), ("flip", "damaged"), ("lie", "cut short")):
        with pytest.raises(InputError, match=words):
            prepare_images(tmp_path / f"{name}.npz", tmp_path / "out.npy")


# IDX


def idx_bytes(array: Any) -> Any:
    shape = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return shape + array.astype(np.uint8).tobytes()


@pytest.mark.parametrize("dot", ["-", "."])
@pytest.mark.parametrize("packed", [False, True])
def test_idx_with_its_labels(tmp_path: Path, pictures: Any, dot: Any, packed: Any) -> None:
    def write(path: Path, data: bytes) -> None:
        path.write_bytes(gzip.compress(data) if packed else data)

    end = ".gz" if packed else ""
    images_path = tmp_path / f"t10k-images{dot}idx3-ubyte{end}"
    write(images_path, idx_bytes(pictures[..., 0]))
    write(tmp_path / f"t10k-labels{dot}idx1-ubyte{end}", idx_bytes(np.arange(6)))
    _, images = prepared(tmp_path, images_path)
    np.testing.assert_array_equal(images.array, pictures[..., :1])
    assert images.labels["label"].tolist() == list(range(6))
    with pytest.raises(InputError, match="labels, not images"):
        open_images(tmp_path / f"t10k-labels{dot}idx1-ubyte{end}")


def test_idx_that_are_damaged(tmp_path: Path, pictures: Any) -> None:
    data = idx_bytes(pictures[..., 0])
    path = tmp_path / "a-images-idx3-ubyte"
    for content, words in [
        (data[:-9], "cut short: 471 bytes of the 480"),
        (gzip.compress(data)[:-30], "damaged"),
        (data[:2] + b"\x0d" + data[3:], "unsigned bytes"),
        (data[:9], "not a complete IDX"),
        (b"plain words", "not a known source"),
        (gzip.compress(b"plain words"), "not a known source"),
    ]:
        path.write_bytes(content)
        with pytest.raises(InputError, match=words):
            open_images(path)
    path.write_bytes(data)
    (tmp_path / "a-labels-idx1-ubyte").write_bytes(idx_bytes(np.arange(5)))
    with pytest.raises(InputError, match="5 labels for the 6 images"):
        open_images(path)


# Archives of pictures


def make_zip(path: Any, members: Any) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)


def make_tar(path: Any, members: Any, mode: Any = "w:gz") -> None:
    with tarfile.open(path, mode) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.tgz", "a.tar.xz"])
def test_archives_are_read_in_place(tmp_path: Path, pictures: Any, name: Any) -> None:
    members = [(f"set/{i % 2}/{i}.png", png(p)) for i, p in enumerate(pictures)]
    members += [
        ("set/readme.txt", b"words"),
        ("__MACOSX/set/._0.png", b"?"),
        ("../../evil.png", png(pictures[0])),
        ("/abs.png", png(pictures[0])),
        ("set/..\\win.png", png(pictures[0])),
        ("set/cut.png", png(pictures[0])[:60]),
    ]
    if name.endswith("zip"):
        make_zip(tmp_path / name, members)
    else:
        mode = {"tar": "w", "xz": "w:xz"}.get(name.rsplit(".")[-1], "w:gz")
        make_tar(tmp_path / name, members, mode)
    before = sorted(tmp_path.parent.rglob("*"))
    done, images = prepared(tmp_path, tmp_path / name)
    np.testing.assert_array_equal(images.array, pictures)
    assert images.labels["folder"].tolist() == ["set/0", "set/1"] * 3
    reasons = {fault.name: fault.reason for fault in done.skipped}
    assert set(reasons) == {"../../evil.png", "/abs.png", "set/..\\win.png", "set/cut.png"}
    assert "out of the archive" in reasons["../../evil.png"]
    new = set(tmp_path.parent.rglob("*")) - set(before)
    assert {path.name for path in new} == {"prepared.npy", "prepared.csv"}


def test_a_zip_bomb_is_skipped(tmp_path: Path, pictures: Any) -> None:
    zeros = bytes(1 << 25)
    make_zip(tmp_path / "bomb.zip", [("a.png", png(pictures[0])), ("bomb.bmp", zeros)])
    done, _ = prepared(tmp_path, tmp_path / "bomb.zip")
    assert done.skipped[0].reason == "unpacks to 33,554,432 bytes: too much for a picture"


def test_links_and_secrets_in_archives(tmp_path: Path, pictures: Any) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        link = tarfile.TarInfo("passwd.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        data = png(pictures[0])
        info = tarfile.TarInfo("a.png")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    done, _ = prepared(tmp_path, tmp_path / "a.tar")
    assert done.skipped[0].name == "passwd.png"
    make_zip(tmp_path / "b.zip", [("a.png", png(pictures[0])), ("b.png", png(pictures[1]))])
    data = bytearray((tmp_path / "b.zip").read_bytes())
    second = data.rindex(b"PK\x01\x02")
    data[second + 8] |= 1  # the flag for "encrypted"
    (tmp_path / "b.zip").write_bytes(data)
    done, _ = prepared(tmp_path, tmp_path / "b.zip")
    assert [fault.name for fault in done.skipped] == ["b.png"]


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
def test_archives_that_are_none(tmp_path: Path, name: Any) -> None:
    (tmp_path / name).write_bytes(b"not an archive at all" * 100)
    with pytest.raises(InputError, match="not a complete zip or tar"):
        open_images(tmp_path / name)
    make_zip(tmp_path / "empty.zip", [("readme.txt", b"words")])
    with pytest.raises(InputError, match="no pictures in it"):
        open_images(tmp_path / "empty.zip")


def test_a_cut_tar(tmp_path: Path, pictures: Any) -> None:
    make_tar(tmp_path / "a.tar.gz", [(f"{i}.png", png(p)) for i, p in enumerate(pictures)])
    data = (tmp_path / "a.tar.gz").read_bytes()
    (tmp_path / "a.tar.gz").write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match="not a complete"):
        open_images(tmp_path / "a.tar.gz")


# Parquet and single pictures


def test_parquet_with_an_image_struct(tmp_path: Path, pictures: Any) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    cells = [{"bytes": png(p), "path": f"p{i}.png"} for i, p in enumerate(pictures)]
    cells[2] = {"bytes": None, "path": "lost.png"}
    table = {
        "image": cells,
        "label": pa.array(list("abcdef")).dictionary_encode(),
        "age": [1.5, None, 3, 4, 5, 6],
        "box": [[1, 2]] * 6,
        "smiles": [True, False] * 3,
    }
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    done, images = prepared(tmp_path, tmp_path / "a.parquet")
    assert done.labels == ("label", "age", "smiles")
    assert done.skipped[0].name == "lost.png"
    np.testing.assert_array_equal(images.array, np.delete(pictures, 2, 0))
    assert images.labels["label"].tolist() == list("abdef")
    assert images.labels["smiles"].tolist() == [1, 0, 0, 1, 0]
    assert np.isnan(images.labels["age"][1])


def test_parquet_with_plain_bytes_and_without(tmp_path: Path, pictures: Any) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"data": [png(p) for p in pictures]}), tmp_path / "a.parquet")
    np.testing.assert_array_equal(open_images(tmp_path / "a.parquet").array, pictures)
    pq.write_table(pa.table({"x": [1]}), tmp_path / "b.parquet")
    with pytest.raises(InputError, match="no column of pictures among x"):
        open_images(tmp_path / "b.parquet")
    (tmp_path / "c.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(InputError, match="not a complete Parquet"):
        open_images(tmp_path / "c.parquet")


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"pip install 'zatlas\[parquet\]'"):
        open_images(tmp_path / "a.parquet")


def test_one_picture_is_a_set_of_one(tmp_path: Path, pictures: Any) -> None:
    (tmp_path / "me.png").write_bytes(png(pictures[0]))
    np.testing.assert_array_equal(open_images(tmp_path / "me.png").array, pictures[:1])


def test_the_room_imports_nothing_heavy() -> None:
    script = "import sys, json, zatlas.images; print(json.dumps(list(sys.modules)))"
    loaded = json.loads(subprocess.check_output([sys.executable, "-c", script]))
    assert not {"torch", "pyarrow", "scipy", "skimage", "matplotlib"} & set(loaded)
