# A default from a constant, arithmetic on class attributes, GroupNorm and GELU
# ruff: noqa
import math

import torch
import torch.nn as nn

LATENT_DIM = 32
IMAGE_SIZE = 64


class ConvAE(nn.Module):
    depth = 3
    width = 24

    def __init__(self, latent_dim: int = LATENT_DIM, image_size: int = IMAGE_SIZE, channels: int = 3):
        super().__init__()
        assert image_size % 2**self.depth == 0
        side = image_size // 2**self.depth
        widths = [self.width * 2**i for i in range(self.depth)]

        def down(i, o):
            return nn.Sequential(nn.Conv2d(i, o, 4, stride=2, padding=1), nn.GroupNorm(4, o), nn.GELU())

        up = lambda i, o: nn.Sequential(
            nn.Upsample(scale_factor=2, mode="nearest"), nn.Conv2d(i, o, 3, padding=1), nn.GELU()
        )
        self.features = nn.Sequential(*[down(i, o) for i, o in zip([channels] + widths, widths)])
        self.bottleneck = nn.Linear(widths[-1] * side * side, latent_dim)
        self.expand = nn.Linear(latent_dim, widths[-1] * side * side)
        self.reconstruct = nn.Sequential(
            *(up(widths[i], widths[max(i - 1, 0)]) for i in reversed(range(self.depth))),
            nn.Conv2d(widths[0], channels, kernel_size=1),
        )
        self.shape = (widths[-1], side, side)
        self.scale = math.sqrt(latent_dim)

    def encode(self, images):
        features = self.features(images)
        return self.bottleneck(torch.flatten(features, 1))

    def decode(self, codes):
        return self.reconstruct(self.expand(codes).view(len(codes), *self.shape))

    def forward(self, images):
        return self.decode(self.encode(images))
