# Refused: what is computed depends on the images
# ruff: noqa
import torch
from torch import nn


class AdaptiveAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 32))
        self.bright = nn.Linear(32, 784)
        self.dark = nn.Linear(32, 784)

    def forward(self, x):
        z = self.encoder(x)
        if x.mean() > 0.5:
            out = self.bright(z)
        else:
            out = self.dark(z)
        return torch.sigmoid(out)
