# A decoder that enlarges with F.interpolate and ends in a convolution
# ruff: noqa
import torch
from torch import nn
from torch.nn import functional as F


class UpsamplingAE(nn.Module):
    def __init__(self, latent=48, base=16):
        super().__init__()
        self.c1 = nn.Conv2d(3, base, 3, padding="same")
        self.c2 = nn.Conv2d(base, base * 2, 3, padding="same")
        self.c3 = nn.Conv2d(base * 2, base * 4, 3, padding="same")
        self.to_code = nn.Linear(base * 4 * 8**2, latent)
        self.from_code = nn.Linear(latent, base * 4 * 8**2)
        self.d1 = nn.Conv2d(base * 4, base * 2, 3, padding=1)
        self.d2 = nn.Conv2d(base * 2, base, 3, padding=1)
        self.d3 = nn.Conv2d(base, 3, 3, padding=1)
        self.base = base

    def forward(self, x, return_code=False):
        h = F.max_pool2d(F.leaky_relu(self.c1(x), 0.2), 2)
        h = F.max_pool2d(F.leaky_relu(self.c2(h), 0.2), 2)
        h = F.avg_pool2d(F.leaky_relu(self.c3(h), negative_slope=0.2), kernel_size=2)
        z = self.to_code(h.flatten(1))
        if return_code:
            return z
        h = F.leaky_relu(self.from_code(z), 0.2)
        h = h.reshape(-1, self.base * 4, 8, 8)
        h = F.interpolate(h, scale_factor=2)
        h = F.leaky_relu(self.d1(h), 0.2)
        h = F.interpolate(h, scale_factor=2, mode="nearest")
        h = F.leaky_relu(self.d2(h), 0.2)
        h = F.interpolate(h, size=(64, 64), mode="bilinear", align_corners=False)
        return self.d3(h).tanh()
