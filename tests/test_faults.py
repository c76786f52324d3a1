"""Pipes, decoders that do not end, signals, two writers, torn files: findings 6 to 10 and 11."""

import fcntl
import io
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

import zatlas
from conftest import TINY, Zatlas, discs
from zatlas import files
from zatlas.cli.terminal import PlainConsole
from zatlas.errors import InputError
from zatlas.evidence.records import EditRecord, PlateRecord
from zatlas.figures.svg import drawing, svg_text, text
from zatlas.images import open_images, prepare_images, stream, workers
from zatlas.images.decode import Data, Fit, Fitted, prepare_one
from zatlas.locks import one_writer
from zatlas.models.model_file import read_model
from zatlas.report.markdown import code, escaped
from zatlas.run.evidence import (
    keep_edits,
    kept_edits,
    kept_learning,
    kept_maps,
    kept_reconstruction,
)
from zatlas.run.run import Run, open_run

PROGRAM = [sys.executable, "-m", "zatlas"]


@pytest.fixture
def run(tiny_run: Run, tmp_path: Path) -> Path:
    """A copy of the tiny run."""
    return Path(shutil.copytree(tiny_run.path, tmp_path / "run"))


@pytest.fixture(scope="module")
def other(tiny_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of another seed, with an atlas."""
    folder = tmp_path_factory.mktemp("other")
    images = tiny_run.path.parent
    made = zatlas.train(TINY, images / "discs.npy", valid=images / "held-out.npy",
                        out=folder / "run", epochs=1, batch_size=32, seed=7)  # fmt: skip
    made.atlas(images / "held-out.npy", count=20)
    keep_edits(made, plate(made, 0))
    return made.path


def plate(run: Run, index: int) -> PlateRecord:
    """A record of an edit that moves nothing."""
    edits = (EditRecord(edit=f"z[{index}] += 0", assumptions=(), elements=()),)
    return PlateRecord(
        images="a.npy", weights=run.fingerprint, index=(index,), command="", edits=edits
    )


# 6: regular files alone


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    """Robustness 6."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero", tmp_path):
        with pytest.raises(OSError):
            files.open_file(path)
    with pytest.raises(InputError, match="pipe: cannot be read as text .*a pipe"):
        files.read_text(tmp_path / "pipe")


def test_pipes_in_the_place_of_inputs(tmp_path: Path, zatlas: Zatlas) -> None:
    """Robustness 6."""
    for name in ("model.yaml", "pasted.py", "i.npy", "i.zip", "i.png", "t.csv"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "folder" / "a.png")
    for command in (
        ["models", "show", tmp_path / "model.yaml"], ["models", "show", tmp_path / "pasted.py"],
        *(["images", "prepare", tmp_path / name, tmp_path / "o.npy"]
          for name in ("i.npy", "i.zip", "i.png", "folder")),
    ):  # fmt: skip
        status, _, err = zatlas(*command)
        assert (status, err.count("\n")) == (2, 1), err
        assert "error in zatlas" not in err


@pytest.mark.parametrize(
    "name", ["config.yaml", "model.yaml", "model.safetensors", "codes.npz", "history.csv",
             "names.yaml", "evidence/edits.json", "evidence/atlas.json", "state/latest"],
)  # fmt: skip
def test_pipes_in_a_run(name: str, run: Path) -> None:
    """Robustness 6."""
    (run / name).unlink(missing_ok=True)
    os.mkfifo(run / name)
    with pytest.raises(InputError, match=f"{name}: is not of the kind"):
        open_run(run)


# 7: decoders


def hostile_decoder(data: Data, fit: Fit) -> Fitted:
    """What decoders do with damaged pictures, by the name of the file."""
    name = data.name if isinstance(data, Path) else ""
    if "endless" in name:
        while True:
            pass
    if "crash" in name:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "memory" in name:
        bytearray(8 << 30)
    return prepare_one(data, fit)


@pytest.mark.skipif(not workers.FORKS, reason="the decoder of the test is inherited by a fork")
@pytest.mark.parametrize("count", [8, 130])
def test_a_decoder_that_dies_costs_one_picture(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Robustness 7."""
    monkeypatch.setattr(stream, "prepare_one", hostile_decoder)
    monkeypatch.setattr(workers, "MAX_SECONDS", 1)
    (tmp_path / "in").mkdir()
    picture = Image.fromarray(discs(1)[0])
    bad = {1: "endless", count // 2: "crash", count // 2 + 1: "crash", count - 1: "memory"}
    for number in range(count):
        picture.save(tmp_path / "in" / f"{number:03}-{bad.get(number, 'good')}.png")
    made = prepare_images(tmp_path / "in", tmp_path / "out.npy", workers=2)
    assert made.count == count - 4
    reasons = {fault.name: fault.reason for fault in made.skipped}
    assert list(reasons) == sorted(reasons)
    words = ("1 seconds", "SIGSEGV", "SIGSEGV", "GiB")
    for reason, word in zip(reasons.values(), words, strict=True):
        assert word in reason
    names = [line.split(",")[1] for line in (tmp_path / "out.csv").read_text().splitlines()[1:]]
    assert names == sorted(names)


def test_a_worker_that_is_ended_from_outside_ends_the_command(tmp_path: Path) -> None:
    """Robustness 7: a system without memory must not make pictures unreadable."""
    with pytest.raises(InputError, match="out of memory"):
        list(workers.in_processes(ended, [[1, 2]], 1, str))


def ended(_: int) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return ""


def failing(task: int) -> int:
    if task == 5:
        raise ValueError("five")
    return task


def test_results_come_in_order_and_errors_are_raised_again() -> None:
    chunks = ([3 * k, 3 * k + 1, 3 * k + 2] for k in range(20))
    found = list(workers.in_processes(abs, chunks, 3))
    assert found == [(k, k) for k in range(60)]
    with pytest.raises(ValueError, match="five"):
        list(workers.in_processes(failing, [[4, 5]], 2))


# 9 and 10: signals


def children(process: subprocess.Popen[Any]) -> list[str]:
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return listed.read_text().split() if listed.exists() else []


def is_running(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are listed in /proc")
@pytest.mark.parametrize(
    "signals", [[signal.SIGINT] * 3, [signal.SIGTERM], [signal.SIGKILL]], ids=str
)
def test_workers_end_with_the_command(signals: list[signal.Signals], tmp_path: Path) -> None:
    """Robustness 9."""
    command = [*PROGRAM, "images", "render", str(tmp_path / "r.npy"), "--count"]
    process = subprocess.Popen([*command, "90000"], stderr=subprocess.PIPE, text=True)
    patience = time.monotonic() + 60
    while len(found := children(process)) < workers.cores() and time.monotonic() < patience:
        time.sleep(0.01)
    for number in signals:
        process.send_signal(number)
        time.sleep(0.02)
    try:
        _, err = process.communicate(timeout=30)
    finally:
        process.kill()
    patience = time.monotonic() + 10
    while any(map(is_running, found)) and time.monotonic() < patience:
        time.sleep(0.01)
    assert found
    assert not any(map(is_running, found))
    if signals == [signal.SIGKILL]:
        assert len(list(tmp_path.iterdir())) == 2
        subprocess.run([*command, "2"], check=True, capture_output=True)
    else:
        assert (process.returncode, err.count("\n")) == (130, 1)
        assert "nothing is left half-written" in err
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_the_files_of_a_writer_that_runs_are_no_leftovers(tmp_path: Path) -> None:
    """Robustness 9."""
    mine = tmp_path / ".mine.zatlas-20240115.tmp.txt"
    mine.write_text("another file's")
    with files.atomic_write(tmp_path / "a.txt") as first:
        assert files.leftovers(tmp_path) == [mine]
        files.write_text(tmp_path / "b.txt", "b")
        assert first.exists()
        first.write_text("a")
    (tmp_path / ".a.zatlas-0a1b2c3d.tmp.txt").write_text("half")
    files.write_text(tmp_path / "a.txt", "new")
    assert {path.name for path in tmp_path.iterdir()} == {"a.txt", "b.txt", mine.name}


@pytest.mark.parametrize("module", ["click", "zatlas.files", "pydantic", "torch"])
def test_ctrl_c_while_the_program_is_imported(module: str) -> None:
    """Robustness 10: one line, and no traceback."""
    process = subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "zatlas", "models", "show", "fcn-10"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if line.split("|")[-1].strip() == module:
            break
    process.send_signal(signal.SIGINT)
    rest = process.stderr.read()
    lines = [line for line in rest.splitlines() if not line.startswith("import time:")]
    assert process.wait(30) == 130
    assert lines == ["zatlas: stopped by the keyboard; nothing is left half-written"]


def test_little_is_imported_before_ctrl_c_is_handled() -> None:
    """Robustness 10: before, Python itself answers Ctrl-C, with a traceback."""
    code = "import sys; old = set(sys.modules); import zatlas.cli; print(*set(sys.modules) - old)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"click", "numpy", "re", "typing"} & set(done.stdout.split())
    own = {name for name in done.stdout.split() if name.startswith("zatlas")}
    assert own == {"zatlas", "zatlas.cli", "zatlas.cli.interrupts"}


# 10a: one writer


def test_two_writers_of_a_run(run: Path, tiny_run: Run, zatlas: Zatlas, tmp_path: Path) -> None:
    """Robustness 10a."""
    model = tmp_path / "model.yaml"
    model.write_text(TINY.to_yaml())
    images = tiny_run.path.parent
    command = ["train", "--model", model, "--images", images / "discs.npy", "--valid",
               images / "held-out.npy", "--epochs", 4, "--batch-size", 32]  # fmt: skip
    (tmp_path / "new").mkdir()
    before = (run / "model.safetensors").read_bytes()
    for folder, mode in ((run, ["--resume"]), (run, ["--overwrite"]), (tmp_path / "new", [])):
        handle = os.open(folder, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)  # as another process has it
        status, _, err = zatlas(*command, "--out", folder, *mode)
        assert (status, err.count("\n")) == (2, 1)
        assert "another zatlas process writes in it" in err
        os.close(handle)
    assert (run / "model.safetensors").read_bytes() == before
    assert list((tmp_path / "new").iterdir()) == []
    assert zatlas(*command, "--out", tmp_path / "new")[0] == 0


def test_edits_at_once_are_all_kept(run: Path) -> None:
    """Robustness 10a."""

    def keep(index: int) -> None:
        opened = open_run(run)
        keep_edits(opened, plate(opened, index))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(keep, range(6)))
    kept = {one.edits[0].edit for one in kept_edits(open_run(run)).plates}
    assert kept >= {f"z[{index}] += 0" for index in range(6)}


def test_a_lock_is_waited_for_and_may_be_taken_twice(tmp_path: Path) -> None:
    with one_writer(tmp_path), one_writer(tmp_path), ThreadPoolExecutor(1) as pool:
        started = time.monotonic()
        with pytest.raises(InputError, match="another zatlas process"):
            pool.submit(lambda: one_writer(tmp_path, wait=0.2).__enter__()).result()
        assert time.monotonic() - started > 0.2
    with one_writer(tmp_path):
        pass


# 10b: records that belong together


def test_files_are_put_in_place_together(tmp_path: Path) -> None:
    """Robustness 10b."""
    a, b = tmp_path / "a.txt", tmp_path / "deep" / "b.txt"

    def torn() -> None:
        with files.together():
            files.write_text(a, "a")
            with files.atomic_write(b) as part:
                part.write_text("half")
                raise OSError(28, "No space left on device")

    with pytest.raises(InputError, match="b.txt"):
        torn()
    assert list(tmp_path.iterdir()) == []
    with files.together():
        files.write_text(a, "a")
        with files.together():
            files.write_text(b, "b")
        assert not b.exists()
    assert (a.read_text(), b.read_text()) == ("a", "b")


READERS: dict[str, tuple[Callable[[Run], object], str]] = {
    "codes.npz": (lambda run: run.statistics, "resume=True"),
    "evidence/reconstruction.json": (kept_reconstruction, "resume=True"),
    "evidence/learning.json": (kept_learning, "resume=True"),
    "evidence/edits.json": (kept_edits, "zatlas edit"),
    "evidence/atlas.json": (lambda run: run.open_atlas(), "zatlas atlas"),
}


@pytest.mark.parametrize("name", READERS)
def test_what_was_measured_on_other_weights_is_refused(name: str, run: Path, other: Path) -> None:
    """Robustness 10b."""
    read, mend = READERS[name]
    read(open_run(other))
    shutil.copy(other / name, run / name)
    with pytest.raises(InputError, match=f"{name}: was measured on other weights") as fault:
        read(open_run(run))
    assert mend in str(fault.value)


def test_maps_of_another_atlas_are_refused(other: Path, tmp_path: Path) -> None:
    """Robustness 10b."""
    run = open_run(shutil.copytree(other, tmp_path / "run"))
    assert kept_maps(run).absolute.shape == (4, 8, 8)
    record = json.loads(run.paths.atlas.read_text())
    record["rows"][0] += 1
    run.paths.atlas.write_text(json.dumps(record))
    with pytest.raises(InputError, match=r"atlas.npz: .*another atlas.json.*zatlas atlas"):
        kept_maps(run)


def test_an_edit_that_cannot_be_kept_leaves_no_picture(
    run: Path, tiny_images: Path, zatlas: Zatlas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Robustness 10b."""

    def full(*_: object) -> None:
        raise InputError("edits.json: cannot be written")

    monkeypatch.setattr("zatlas.run.evidence.write_json", full)
    before = sorted(path.name for path in tmp_path.iterdir())
    status, _, _ = zatlas("edit", run, "z[0] = 1", "--images", tiny_images, "--count", 0,
                          "--out", tmp_path / "p.png", "--json", tmp_path / "p.json")  # fmt: skip
    assert status == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_weights_stand_beside_what_was_measured_on_them(
    run: Path, tiny_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Robustness 10b: a training that ends while it measures leaves the run as it was."""
    kept = {path: path.read_bytes() for path in run.rglob("*.*") if path.parent.name != "state"}
    images = tiny_run.path.parent
    same: dict[str, Any] = {"valid": images / "held-out.npy", "batch_size": 32, "epochs": 5}
    with monkeypatch.context() as patched:
        patched.setattr("zatlas.latents.code_statistics.gather", interrupted)
        with pytest.raises(KeyboardInterrupt):
            zatlas.train(TINY, images / "discs.npy", out=run, resume=True, **same)
    for name in ("model.safetensors", "codes.npz", "evidence/reconstruction.json"):
        assert (run / name).read_bytes() == kept[run / name]
    made = zatlas.train(TINY, images / "discs.npy", out=run, resume=True, **same)
    assert made.statistics.weights == kept_reconstruction(made).weights == made.fingerprint


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


# 10c: a full disk


def test_a_full_disk_is_found_before_the_first_face(tmp_path: Path) -> None:
    """Robustness 10c."""
    done = subprocess.run(
        [*PROGRAM, "images", "render", str(tmp_path / "r.npy")], capture_output=True, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, 10**6)),
    )  # fmt: skip
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "r.npy: cannot be written" in done.stderr
    assert list(tmp_path.iterdir()) == []


# 10d: surroundings


@pytest.mark.parametrize(
    "setting", ["PYTHONIOENCODING=ascii", "PYTHONIOENCODING=latin-1", "COLUMNS=0", "COLUMNS=1",
                "PYTHONOPTIMIZE=2", "MPLBACKEND=nonsense"],
)  # fmt: skip
def test_surroundings(setting: str, tmp_path: Path) -> None:
    """Robustness 10d."""
    name, _, value = setting.partition("=")
    model = tmp_path / "model.yaml"
    model.write_text(TINY.model_copy(update={"title": "an → arrow"}).to_yaml())
    script = "import sys; from zatlas.cli import main; import matplotlib; main()"
    if name != "MPLBACKEND":
        script = script.replace("import matplotlib; ", "")
    else:
        script = "from zatlas.cli.program import _set_up; _set_up([]); import matplotlib.pyplot"
    done = subprocess.run(
        [sys.executable, "-c", script, "models", "show", str(model)],
        capture_output=True, env={**os.environ, name: value},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert name == "MPLBACKEND" or b"arrow" in done.stdout


def test_standard_error_or_output_is_full(tmp_path: Path) -> None:
    """Robustness 10d."""
    with open("/dev/full", "wb") as full:
        for place, command in (("stderr", "nothing"), ("stdout", "fcn-10")):
            streams: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
            done = subprocess.run([*PROGRAM, "models", "show", command], **streams | {place: full})
            assert done.returncode == 2
            assert not done.stderr or done.stderr.count(b"\n") == 1


# 11: what a stranger wrote, shown

ESCAPE = "\x1b[31mred\x07\x9b"


def test_no_text_controls_the_terminal() -> None:
    """Robustness 11."""
    from rich.table import Table
    from rich.text import Text

    written = io.StringIO()
    console = PlainConsole(file=written, force_terminal=True)
    table = Table()
    table.add_column(Text(ESCAPE))
    table.add_row(Text(ESCAPE))
    console.print(table)
    console.print(ESCAPE, markup=False)
    assert "31mred" in written.getvalue()
    for character in ("\x1b[31m", "\x07", "\x9b"):
        assert character not in written.getvalue()


def test_no_text_controls_a_terminal_through_markdown() -> None:
    """Robustness 11."""
    assert "\x1b" not in escaped(ESCAPE) + code(ESCAPE)


def test_a_title_of_control_characters_in_an_svg() -> None:
    """Robustness 11."""
    svg = drawing(10, 10, f"{ESCAPE}\0\ufffe")
    text(svg, 1, 1, f"{ESCAPE}\0")
    root = ElementTree.fromstring(svg_text(svg).encode())
    assert "red" in root.attrib["aria-label"]


def test_a_title_of_control_characters_in_a_diagram(tmp_path: Path, zatlas: Zatlas) -> None:
    """Robustness 11."""
    model = tmp_path / "m.yaml"
    model.write_text(f'title: "\\e[31mred"\n{TINY.to_yaml().partition("title: Tiny")[2]}')
    assert read_model(model).title == "\x1b[31mred"
    status, out, err = zatlas("models", "show", model, "--svg", tmp_path / "m.svg")
    assert (status, err) == (0, "")
    assert "\x1b" not in out
    ElementTree.parse(tmp_path / "m.svg")
    assert open_images(discs(3)).shape == (8, 8, 3)


def test_npy_of_a_pipe_is_no_image_set(tmp_path: Path) -> None:
    """Robustness 6."""
    os.mkfifo(tmp_path / "a.csv")
    np.save(tmp_path / "a.npy", discs(3))
    assert open_images(tmp_path / "a.npy").labels == {}


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_pictures_are_prepared_without_the_limits_of_linux(platform: str, tmp_path: Path) -> None:
    """Robustness 7 and 9: the limits of workers are the kernel's; elsewhere there may be none."""
    for i, picture in enumerate(discs(3)):
        Image.fromarray(picture).save(tmp_path / f"{i}.png")
    (tmp_path / "broken.png").write_text("<html>")
    missing = {"resource": None, "fcntl": None} if platform == "win32" else {}
    code = (
        "import sys, ctypes, multiprocessing.connection, numpy, PIL.Image\n"
        f"sys.platform = {platform!r}\n"
        f"sys.modules.update({missing})\n"
        "from zatlas.images import prepare_images, workers\n"
        "made = prepare_images(sys.argv[1], sys.argv[1] + '/set.npy')\n"
        "print(made.count, len(made.skipped), workers.FORKS)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("3 1 False\n", "")
