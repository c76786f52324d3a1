"""Memory of training on many images: the process's own (anonymous) and the file's pages.

python benchmarks/memory.py IMAGES.npy OUT.csv [--models fcn-10,fcn-multi-encoder] [--count 140000]

The images are repeated until there are `--count` of them, written to a file, and trained on through
`zatlas train` for one epoch, to its end, measuring included; memory is sampled five times a second
and peaks are kept. A run that takes longer than `--seconds` is stopped by SIGINT, upon which it
saves its state.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tables import write

FIELDS = {"RssAnon": "anonymous_GiB", "RssFile": "file_GiB", "VmRSS": "resident_GiB"}


def peaks(child: "subprocess.Popen[bytes]", seconds: float) -> dict[str, float]:
    """The largest of each field of /proc/PID/status, in GiB, the saving at its end included."""
    found = dict.fromkeys(FIELDS.values(), 0.0)
    started, stopped = time.perf_counter(), False
    while child.poll() is None:
        if not stopped and time.perf_counter() - started > seconds:
            child.send_signal(signal.SIGINT)
            stopped = True
        for line in Path(f"/proc/{child.pid}/status").read_text().splitlines():
            name, _, rest = line.partition(":")
            if name in FIELDS:
                size = int(rest.split()[0]) / 2**20
                found[FIELDS[name]] = max(found[FIELDS[name]], size)
        time.sleep(0.2)
    return found


def main() -> None:
    """A row a model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images")
    parser.add_argument("out")
    parser.add_argument("--models", default="fcn-10,fcn-multi-encoder")
    parser.add_argument("--count", type=int, default=140_000)
    parser.add_argument("--seconds", type=float, default=1200)
    asked = parser.parse_args()
    rows = []
    source = np.load(asked.images, mmap_mode="r")
    with tempfile.TemporaryDirectory() as place:
        images = Path(place) / "images.npy"
        shape = (asked.count, *source.shape[1:])
        array = np.lib.format.open_memmap(images, "w+", np.uint8, shape)
        for start in range(0, asked.count, len(source)):
            part = array[start : start + len(source)]
            part[:] = source[: len(part)]
        array.flush()
        del array, part
        for model in asked.models.split(","):
            words = [sys.executable, "-m", "zatlas", "-q", "train", "--model", model, "--images",
                     str(images), "--epochs", "1", "--out", f"{place}/{model}"]  # fmt: skip
            child = subprocess.Popen(words, stderr=subprocess.DEVNULL)
            found = peaks(child, asked.seconds)
            rows.append({"model": model, "images": asked.count,
                         "array_GB": round(float(np.prod(shape)) / 1e9, 2),
                         **{k: round(v, 3) for k, v in found.items()}})  # fmt: skip
            print(rows[-1], flush=True)
    write(asked.out, rows)


if __name__ == "__main__":
    main()
