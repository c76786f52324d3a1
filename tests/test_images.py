"""Image sets: decoding, fitting, preparing, opening again."""

import io
import os
import resource
import signal
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from zatlas.errors import InputError
from zatlas.images import ImageSet, open_images, prepare_images
from zatlas.images.decode import Fit, UnreadableError, decode, prepare_one
from zatlas.images.sheet import contact_sheet


@pytest.fixture
def faces() -> Any:
    """Smooth colour pictures (20,16,16,3): JPEG keeps them nearly as they are."""
    rng = np.random.default_rng(0)
    corners = rng.integers(0, 256, (20, 2, 2, 3), dtype=np.uint8)
    big = [Image.fromarray(c).resize((16, 16), Image.Resampling.BICUBIC) for c in corners]
    return np.stack([np.asarray(image) for image in big])


@pytest.fixture
def folder(tmp_path: Path, faces: Any) -> Any:
    for number, pixels in enumerate(faces):
        place = tmp_path / "faces" / ("old" if number < 5 else "new/deep")
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(place / f"{number:02}.png")
    return tmp_path / "faces"


def as_bytes(image: Any, kind: Any = "PNG", **options: Any) -> Any:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def pixels_of(image: Any, kind: Any = "PNG", **options: Any) -> Any:
    return np.asarray(decode(as_bytes(image, kind, **options)))


def triangle(pixels: Any, height: Any, width: Any) -> Any:
    """Bilinear resampling in float64: the triangle filter, as wide as the step when shrinking."""

    def weights(source: Any, target: Any) -> Any:
        step = source / target
        reach = max(step, 1.0)
        centres = (np.arange(target) + 0.5) * step
        distance = np.abs(np.arange(source) + 0.5 - centres[:, None]) / reach
        raw = np.clip(1 - distance, 0, None)
        return raw / raw.sum(1, keepdims=True)

    vertical, horizontal = weights(pixels.shape[0], height), weights(pixels.shape[1], width)
    return np.einsum("yh,hwc,xw->yxc", vertical, pixels.astype(np.float64), horizontal)


# Decoding


def test_orientation_is_applied() -> None:
    image = Image.fromarray(np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3))
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its left side: turn by a quarter, clockwise
    got = pixels_of(image, exif=exif)
    np.testing.assert_array_equal(got, np.rot90(np.asarray(image), -1))


def test_transparency_lies_over_white() -> None:
    rgba = np.zeros((2, 2, 4), np.uint8)
    rgba[0, 0] = 10, 20, 30, 255
    rgba[0, 1] = 10, 20, 30, 0
    rgba[1, 0] = 0, 0, 0, 51
    got = pixels_of(Image.fromarray(rgba))
    assert got[0].tolist() == [[10, 20, 30], [255, 255, 255]]
    assert got[1].tolist() == [[204] * 3, [255] * 3]
    la = Image.fromarray(np.array([[[0, 255], [0, 0]]] * 2, np.uint8), "LA")
    assert pixels_of(la)[0].tolist() == [[0] * 3, [255] * 3]


def test_palette_with_a_transparent_entry() -> None:
    image = Image.new("P", (2, 2))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    assert pixels_of(image)[0].tolist() == [[255, 0, 0], [0, 0, 255]]
    assert pixels_of(image, transparency=1)[0].tolist() == [[255, 0, 0], [255, 255, 255]]


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_sixteen_bits_keep_their_full_range(kind: Any) -> None:
    levels = np.array([[0, 257, 128 * 257], [65535, 300, 65278]], np.uint16)
    got = pixels_of(Image.fromarray(levels), kind)
    assert got[..., 0].tolist() == [[0, 1, 128], [255, 1, 254]]
    assert got.shape == (2, 3, 3)


def test_one_bit_grey_and_cmyk() -> None:
    bits = Image.fromarray(np.array([[True, False]] * 2))
    assert pixels_of(bits)[0].tolist() == [[255] * 3, [0] * 3]
    grey = Image.fromarray(np.array([[7, 200]] * 2, np.uint8))
    assert pixels_of(grey)[0].tolist() == [[7] * 3, [200] * 3]
    red = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    assert np.abs(pixels_of(red, "JPEG", quality=100)[4, 4] - np.array([255, 0, 0])).max() <= 2


def test_an_animation_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    got = pixels_of(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert got[0, 0].tolist() == [255, 0, 0]


def test_floating_point_and_32_bit_pictures_are_refused() -> None:
    for levels in (np.full((4, 4), 0.5, np.float32), np.full((4, 4), 1 << 20, np.int32)):
        with pytest.raises(UnreadableError, match="save it with 8"):
            decode(as_bytes(Image.fromarray(levels), "TIFF"))


# Fitting


@pytest.mark.parametrize("seed", range(4))
def test_crop_then_resize_is_the_standard_bilinear(seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    got = prepare_one(pixels, Fit.checked(64, (10, 0, 28, 64))).pixels
    wanted = triangle(pixels[10:38, 0:64], 64, 64)
    assert np.abs(got - wanted).max() <= 1


def test_shrinking_is_antialiased() -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (50, 50, 3), dtype=np.uint8)
    got = prepare_one(pixels, Fit.checked(16)).pixels
    assert np.abs(got - triangle(pixels, 16, 16)).max() <= 1


def test_a_picture_that_is_not_square_gives_its_centre() -> None:
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[:, 2:6] = 255
    got = prepare_one(pixels, Fit.checked(4))
    assert got.trimmed
    assert (got.pixels == 255).all()
    assert prepare_one(pixels, Fit.checked((2, 4))).trimmed is False  # the same aspect


def test_grey_is_luma() -> None:
    pixels = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]] * 2, np.uint8)
    got = prepare_one(pixels, Fit.checked(gray=True)).pixels
    assert got.shape == (2, 3, 1)
    assert got[0, :, 0].tolist() == [76, 150, 29]  # 0.299, 0.587, 0.114


@pytest.mark.parametrize("words", [{"to": 1}, {"to": 10**6}, {"crop": (0, 0, 0, 5)}, {"to": (64,)}])
def test_sizes_that_make_no_sense(words: Any) -> None:
    with pytest.raises(InputError, match=r"^(to|crop)="):
        Fit.checked(**words)


# Preparing


def test_a_folder_becomes_an_image_set(tmp_path: Path, folder: Any, faces: Any) -> None:
    seen = []
    out = tmp_path / "sets" / "faces.npy"
    done = prepare_images(folder, out, progress=lambda *at: seen.append(at))
    assert (done.count, done.shape, done.skipped) == (20, (16, 16, 3), ())
    assert seen[-1] == (20, 20)
    images = open_images(out)
    assert isinstance(images.array.base, np.memmap) or isinstance(images.array, np.memmap)
    np.testing.assert_array_equal(images[:15], faces[5:])  # new/deep comes before old
    assert images.labels["folder"].tolist() == ["new/deep"] * 15 + ["old"] * 5
    assert images.labels["index"].tolist() == list(range(20))
    assert images.labels["source"][0] == "new/deep/05.png"
    assert sorted(p.name for p in out.parent.iterdir()) == ["faces.csv", "faces.npy"]


def test_processes_make_the_same_set(tmp_path: Path, faces: Any) -> None:
    (tmp_path / "many").mkdir()
    for number in range(150):
        Image.fromarray(faces[number % 20] // (1 + number // 20)).save(
            tmp_path / "many" / f"{number:03}.png"
        )
    (tmp_path / "many" / "077.png").write_bytes(b"<html>")
    one = prepare_images(tmp_path / "many", tmp_path / "one.npy", to=8, workers=1)
    two = prepare_images(tmp_path / "many", tmp_path / "two.npy", to=8, workers=2)
    assert (one.count, one.skipped[0].name) == (149, "077.png")
    assert one.skipped == two.skipped
    for ending in (".npy", ".csv"):
        first = (tmp_path / "one").with_suffix(ending).read_bytes()
        assert first == (tmp_path / "two").with_suffix(ending).read_bytes()


def test_the_unreadable_are_listed_and_skipped(tmp_path: Path, folder: Any) -> None:
    whole = (folder / "old" / "00.png").read_bytes()
    jpeg = as_bytes(Image.fromarray(np.full((64, 64, 3), 90, np.uint8)), "JPEG")
    (folder / "a-page.jpg").write_text("<!DOCTYPE html><title>404</title>")
    (folder / "b-empty.png").write_bytes(b"")
    (folder / "c-cut.jpg").write_bytes(jpeg[: len(jpeg) // 2])
    (folder / "d-cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "e-pixel.png").write_bytes(as_bytes(Image.new("RGB", (1, 1))))
    broken = bytearray(whole)
    broken[29] ^= 255  # the checksum of the size
    (folder / "f-checksum.png").write_bytes(broken)
    (folder / "g-dead.png").symlink_to(tmp_path / "nowhere.png")
    os.mkfifo(folder / "h-pipe.jpg")  # opening it would wait for ever
    (folder / "notes.txt").write_text("not a picture by name: passed over")
    done = prepare_images(folder, tmp_path / "out.npy", to=16)
    assert done.count == 20
    reasons = {fault.name: fault.reason for fault in done.skipped}
    assert sorted(name[0] for name in reasons) == list("abcdefgh")
    assert "web page" in reasons["a-page.jpg"]
    assert "empty" in reasons["b-empty.png"]
    assert "truncated" in reasons["c-cut.jpg"]
    assert "1x1" in reasons["e-pixel.png"]
    assert len(open_images(tmp_path / "out.npy")) == 20


def chunk(kind: Any, data: Any) -> Any:
    """A chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_a_decompression_bomb_is_skipped(tmp_path: Path, folder: Any) -> None:
    body = zlib.compress(bytes(1251 * 10_000))  # 10,000 rows of 10,000 black bits
    for name, side in (("bomb.png", 10_000), ("huge.png", 60_000)):
        size = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
        chunks = chunk(b"IHDR", size) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
        (folder / name).write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    done = prepare_images(folder, tmp_path / "out.npy", workers=1)
    assert [f.name for f in done.skipped] == ["bomb.png", "huge.png"]
    assert all("million pixels" in f.reason for f in done.skipped)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB


def test_a_loop_of_folders_ends(tmp_path: Path, folder: Any) -> None:
    (folder / "old" / "loop").symlink_to(folder)
    (folder / "up").symlink_to(tmp_path)
    (folder / "twice").symlink_to(folder / "new")
    done = prepare_images(folder, tmp_path / "out.npy")
    assert done.count == 20
    assert sorted(f.name for f in done.skipped) == ["old/loop", "twice", "up"]


def test_a_linked_folder_elsewhere_is_read(tmp_path: Path, folder: Any) -> None:
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "there").symlink_to(folder)
    assert prepare_images(tmp_path / "links", tmp_path / "out.npy").count == 20
    given = tmp_path / "links" / "there"  # the folder that is given may be a link itself
    (folder / "loop").symlink_to(given)
    assert prepare_images(given, tmp_path / "given.npy").count == 20


def test_mixed_sizes_need_to(tmp_path: Path, folder: Any) -> None:
    Image.new("RGB", (30, 20)).save(folder / "wide.png")
    with pytest.raises(InputError, match=r"05.png is 16x16, wide.png is 30x20.*to=64"):
        prepare_images(folder, tmp_path / "out.npy")
    assert not list(tmp_path.glob("*out*"))
    done = prepare_images(folder, tmp_path / "out.npy", to=16)
    assert done.count == 21
    assert "1 of 21" in done.notes[0]


def test_a_crop_that_does_not_fit(tmp_path: Path, folder: Any) -> None:
    with pytest.raises(InputError, match=r"none of its 20 pictures.*16x16 pixels.*crop"):
        prepare_images(folder, tmp_path / "out.npy", crop=(0, 0, 17, 16))


def test_grey_sets_have_one_channel(tmp_path: Path, folder: Any) -> None:
    assert prepare_images(folder, tmp_path / "out.npy", gray=True).shape == (16, 16, 1)


def test_nothing_readable_is_fatal(tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.jpg").write_bytes(b"no")
    (tmp_path / "bad" / "b.jpg").write_bytes(b"")
    with pytest.raises(InputError, match=r"none of its 2 pictures can be read; .*a\.jpg"):
        prepare_images(tmp_path / "bad", tmp_path / "out.npy")
    (tmp_path / "none").mkdir()
    np.save(tmp_path / "none" / "x.npy", np.zeros(3))
    with pytest.raises(InputError, match=r"no pictures in it.*x\.npy"):
        prepare_images(tmp_path / "none", tmp_path / "out.npy")


def test_names_that_are_no_text(tmp_path: Path, folder: Any) -> None:
    name = os.fsencode(folder) + b"/caf\xe9.png"
    os.rename(folder / "old" / "00.png", name)
    prepare_images(folder, tmp_path / "out.npy")
    assert any("caf\\udce9" in s for s in open_images(tmp_path / "out.npy").labels["source"])


@pytest.mark.parametrize("out", ["out.png", "file.txt/out.npy", "faces/out.npy/in.npy"])
def test_places_that_cannot_be_written(tmp_path: Path, folder: Any, out: Any) -> None:
    (tmp_path / "file.txt").write_text("in the way")
    (folder / "out.npy").write_text("in the way")
    with pytest.raises(InputError, match=r"npy|cannot"):
        prepare_images(folder, tmp_path / out)


def test_a_full_place_leaves_nothing(tmp_path: Path, folder: Any) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    (tmp_path / "full").mkdir()
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(InputError, match=r"out.npy: cannot be written"):
            prepare_images(folder, tmp_path / "full" / "out.npy")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list((tmp_path / "full").iterdir())


def test_a_table_of_someone_else_is_spared(tmp_path: Path, folder: Any) -> None:
    (tmp_path / "out.csv").write_text("name,mark\nAnna,1\n")
    with pytest.raises(InputError, match=r"out.csv: exists"):
        prepare_images(folder, tmp_path / "out.npy")
    assert "Anna" in (tmp_path / "out.csv").read_text()
    prepare_images(folder, tmp_path / "mine.npy")
    with pytest.raises(InputError, match=r"mine.npy: exists.*overwrite=True"):
        prepare_images(folder, tmp_path / "mine.npy", to=8)
    prepare_images(folder, tmp_path / "mine.npy", to=8, overwrite=True)
    assert open_images(tmp_path / "mine.npy").shape == (8, 8, 3)


def test_an_interrupt_leaves_nothing(tmp_path: Path, faces: Any) -> None:
    many = tmp_path / "many"
    many.mkdir()
    data = as_bytes(Image.fromarray(faces[0]).resize((900, 900)), "JPEG")
    for number in range(500):
        (many / f"{number}.jpg").write_bytes(data)
    script = (
        "import sys; from zatlas.images import prepare_images\n"
        "prepare_images(sys.argv[1], sys.argv[2], to=32, workers=2,"
        " progress=lambda done, all: print(done, flush=True))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(many), str(tmp_path / "out" / "set.npy")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)  # the terminal's Ctrl-C reaches the workers too
    _, errors = process.communicate(timeout=30)
    assert process.returncode != 0
    assert errors.count(b"Traceback") == 1  # the parent's; the workers are silent
    assert not (tmp_path / "out").exists()


# Opening


def test_an_array_is_opened_as_it_is(faces: Any) -> None:
    images = open_images(faces)
    assert (len(images), images.shape, images.path, images.labels) == (20, (16, 16, 3), None, {})
    assert images[3].shape == (16, 16, 3)
    np.testing.assert_array_equal(images[2:9], faces[2:9])
    np.testing.assert_array_equal(images[np.array([5, -1])], faces[[5, -1]])
    copy = images[0:2]
    copy[:] = 0
    np.testing.assert_array_equal(images.array, faces)
    with pytest.raises(ValueError, match="read-only"):
        images.array[0] = 0
    with pytest.raises(IndexError):
        images[20]
    assert sum(1 for _ in iter(images)) == 20
    assert open_images(images) is images
    faces[0, 0, 0] += 1  # the caller's own array stays writeable


def test_grey_arrays_get_a_channel() -> None:
    grey = np.arange(2 * 4 * 5, dtype=np.uint8).reshape(2, 4, 5)
    images = open_images(grey)
    assert images.shape == (4, 5, 1)
    np.testing.assert_array_equal(images[1][..., 0], grey[1])


def test_labels_are_typed(tmp_path: Path, faces: Any) -> None:
    np.save(tmp_path / "s.npy", faces[:3])
    (tmp_path / "s.csv").write_text(
        "yaw,n,name,code,gap\n1.5,1,a,007,\n-2e1,2,b,010,4\n3,3,c,100,\n"
    )
    labels = open_images(tmp_path / "s.npy").labels
    assert labels["yaw"].dtype == np.float64
    assert labels["yaw"].tolist() == [1.5, -20, 3]
    assert labels["n"].dtype == np.int64
    assert labels["name"].tolist() == ["a", "b", "c"]
    assert labels["code"].tolist() == ["007", "010", "100"]
    np.testing.assert_array_equal(labels["gap"], [np.nan, 4, np.nan])


def test_labels_out_of_order_are_put_in_order(tmp_path: Path, faces: Any) -> None:
    np.save(tmp_path / "s.npy", faces[:3])
    (tmp_path / "s.csv").write_text("index,name\n2,c\n0,a\n1,b\n")
    assert open_images(tmp_path / "s.npy").labels["name"].tolist() == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("table", "words"),
    [("n\n1\n2\n", "2 rows for 3 pictures"), ("a,b\n1,2\n1\n1,2\n", "row 3 has 1 fields")],
)
def test_a_table_that_does_not_belong(tmp_path: Path, faces: Any, table: Any, words: Any) -> None:
    np.save(tmp_path / "s.npy", faces[:3])
    (tmp_path / "s.csv").write_text(table)
    images = open_images(tmp_path / "s.npy")  # read only when asked for
    with pytest.raises(InputError, match=words):
        _ = images.labels


def test_the_fingerprint_follows_the_content(tmp_path: Path, faces: Any) -> None:
    np.save(tmp_path / "a.npy", faces)
    first = open_images(tmp_path / "a.npy").fingerprint()
    assert first == open_images(faces.copy()).fingerprint()
    assert first != open_images(faces[:-1]).fingerprint()
    assert first != open_images(faces.reshape(20, 8, 32, 3)).fingerprint()
    faces[19, 0, 0, 0] ^= 1
    assert first != open_images(faces).fingerprint()


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((2, 8, 8, 3), np.float32), "float32; image sets are uint8"),
        (np.zeros((2, 8, 8, 3), np.int64), "int64"),
        (np.zeros((2, 3, 8, 8), np.uint8), r"shape \(2, 3, 8, 8\)"),
        (np.zeros((2, 8, 8, 4), np.uint8), r"shape \(2, 8, 8, 4\)"),
        (np.zeros((2, 8, 8, 7), np.uint8), "channels"),
        (np.zeros((8, 8, 3), np.uint8), "one picture"),
        (np.zeros((8, 8), np.uint8), "images are"),
        (np.zeros((0, 8, 8, 3), np.uint8), "empty"),
        (np.zeros((5, 1, 1, 3), np.uint8), "1x1"),
        (np.eye(8, dtype=np.uint8)[None], "mask"),
    ],
)
def test_what_is_no_image_set(tmp_path: Path, array: Any, words: Any) -> None:
    np.save(tmp_path / "bad.npy", array)
    for source in (array, tmp_path / "bad.npy"):
        with pytest.raises(InputError, match=words):
            open_images(source)


def test_the_mend_is_a_command(tmp_path: Path) -> None:
    np.save(tmp_path / "f.npy", np.zeros((2, 8, 8, 3), np.float32))
    with pytest.raises(InputError, match=r"run `zatlas images prepare f.npy f-uint8.npy`"):
        open_images(tmp_path / "f.npy")


def test_a_size_can_be_asked_for(tmp_path: Path, folder: Any, faces: Any) -> None:
    assert open_images(folder, size=(8, 8)).shape == (8, 8, 3)
    assert open_images(faces, size=(16, 16)).shape == (16, 16, 3)
    with pytest.raises(InputError, match=r"16x16 where 64x64 are needed.*to=64"):
        open_images(faces, size=(64, 64))


def test_a_folder_opens_in_memory(folder: Any, faces: Any) -> None:
    (folder / "bad.png").write_bytes(b"")
    images = open_images(folder)
    assert isinstance(images, ImageSet)
    assert images.labels["folder"].tolist() == ["new/deep"] * 15 + ["old"] * 5
    assert len(images) == 20
    assert images.skipped[0].name == "bad.png"
    np.testing.assert_array_equal(images[15:], faces[:5])


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("fces.npy", "fces.npy: no such file or folder; did you mean 'faces.npy'"),
        ("nowhere/at/all", "no such file"),
        ("a\0b", "no such file"),
        (7, "images: int; give a file"),
    ],
)
def test_sources_that_are_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faces: Any, source: Any, words: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("faces.npy", faces)
    with pytest.raises(InputError, match=words):
        open_images(source)


# The contact sheet


def test_a_contact_sheet_shows_pixels_as_pixels(faces: Any) -> None:
    sheet = contact_sheet(faces[:5], columns=3, scale=2)
    assert sheet.shape == (2 * 32 + 3 * 2, 3 * 32 + 4 * 2, 3)
    assert (sheet[0] == 235).all()
    np.testing.assert_array_equal(sheet[2:34:2, 2:34:2], faces[0])
    np.testing.assert_array_equal(sheet[37:68:2, 37:68:2], faces[4])
    assert (sheet[36:, 70:] == 235).all()  # no sixth picture


def test_a_contact_sheet_of_64_has_full_rows() -> None:
    """Issue G: 64 images in 9 columns left one alone."""
    labels = [str(n) for n in range(64)]
    sheet = contact_sheet(np.zeros((64, 16, 16, 1), np.uint8), scale=4, labels=labels)
    assert sheet.shape == (8 * (64 + 14 + 2) + 2, 8 * (64 + 2) + 2, 3)


def test_grey_contact_sheets_are_colour_arrays() -> None:
    assert contact_sheet(np.zeros((4, 8, 8, 1), np.uint8)).shape == (22, 22, 3)
    with pytest.raises(InputError, match="0 pictures"):
        contact_sheet(np.zeros((0, 8, 8, 1), np.uint8))
