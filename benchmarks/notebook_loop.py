"""The loop that course notebooks use, as a contender: prints images/s of each epoch.

python benchmarks/notebook_loop.py MODEL IMAGES.npy BATCH EPOCHS

A uint8 array in memory, a Dataset that converts one image at a time, a shuffling DataLoader, plain
Adam, `loss.item()` every step; default precision, default memory settings.
"""

import sys
import time

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from zatlas.models.modelfile import Objective
from zatlas.models.network import build
from zatlas.models.objectives import loss as objective_loss


class Images(Dataset[torch.Tensor]):
    """One image at a time, as notebooks convert them."""

    def __init__(self, path: str) -> None:
        self.tensors = torch.from_numpy(np.load(path)).permute(0, 3, 1, 2)

    def __len__(self) -> int:
        return len(self.tensors)

    def __getitem__(self, index: int) -> torch.Tensor:
        return 2.0 * self.tensors[index].to(torch.float32) / 255.0 - 1.0


def main() -> None:
    """Train and print."""
    name, path, batch, epochs = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    torch.manual_seed(0)
    model = build(name).train()
    objective: Objective = model.model_file.objective
    images = Images(path)
    loader = DataLoader(images, batch_size=batch, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(epochs):
        started, total = time.perf_counter(), 0.0
        for x in loader:
            noise = torch.randn(len(x), model.latent) if len(model.log_sds) else None
            loss = objective_loss(objective, x, model(x, noise)).total
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
        print(len(images) / (time.perf_counter() - started), flush=True)


if __name__ == "__main__":
    main()
