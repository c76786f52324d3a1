"""One family in zatlas; families.py calls it with its settings as JSON."""

import json
import sys
import time
from pathlib import Path

import numpy as np

import zatlas

asked = json.loads(sys.argv[1])
zatlas.configure_process()
started = time.perf_counter()
run = zatlas.train(
    asked["model"], asked["train"], valid=asked["valid"], out=Path(asked["out"]) / "run",
    recipe=asked["recipe"], changes=asked["changes"], epochs=asked["epochs"], batch_size=64,
    lr=1e-3, seed=asked["seed"], precision="fp32", progress=False,
)  # fmt: skip
seconds = time.perf_counter() - started
images = np.load(asked["valid"])
error = (run.reconstruct(images).astype(float) - images) * (2 / 255)
speed = float(np.median([row.images_per_second for row in run.history]))
print(json.dumps({"mse": round(float(np.square(error).mean()), 6), "seconds": round(seconds, 1),
                  "images_per_second": round(speed, 1)}))  # fmt: skip
