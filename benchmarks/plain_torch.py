"""fcn-10 in forty lines of plain torch: the yardstick that zatlas is held against.

python benchmarks/plain_torch.py TRAIN.npy VALID.npy [EPOCHS] [SEED]

The first weights and the order of the images are what zatlas makes of the same seed, so the two
differ by rounding alone.
"""

import sys
from itertools import pairwise

import numpy as np
import torch
from torch import nn

train, valid = (torch.from_numpy(np.load(path)) for path in sys.argv[1:3])
epochs = int(sys.argv[3]) if len(sys.argv) > 3 else 30
seed = int(sys.argv[4]) if len(sys.argv) > 4 else 0
torch.manual_seed(seed)


def to_floats(images: torch.Tensor) -> torch.Tensor:
    """uint8 (N, H, W, C) to float32 (N, C * H * W) in [-1, 1]."""
    return 2 * images.permute(0, 3, 1, 2).flatten(1).float() / 255 - 1


widths = [3 * 64 * 64, 1024, 256, 64, 10]
layers: list[nn.Module] = []
for takes, gives in pairwise(widths):
    layers += [nn.Linear(takes, gives), nn.ReLU()]
layers.pop()  # the code is not rectified
for takes, gives in pairwise(widths[::-1]):
    layers += [nn.Linear(takes, gives), nn.ReLU()]
layers[-1] = nn.Tanh()
model = nn.Sequential(*layers)
optimizer = torch.optim.Adam(model.parameters())
held_out = to_floats(valid)
for epoch in range(epochs):
    drawn = np.random.SeedSequence((seed, 0, epoch, 0)).generate_state(1, np.uint64)[0]
    order = torch.Generator().manual_seed(int(drawn >> np.uint64(1)))
    for rows in torch.randperm(len(train), generator=order).split(256):
        x = to_floats(train[rows])
        loss = nn.functional.mse_loss(model(x), x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        error = nn.functional.mse_loss(model(held_out), held_out)
    print(f"{epoch + 1},{error:.6f}", flush=True)
