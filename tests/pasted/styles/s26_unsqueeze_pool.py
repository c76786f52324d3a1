# Global pooling to the code, two unsqueezes back to a map, PixelShuffle to the picture
# ruff: noqa
import torch
from torch import nn


class PooledAE(nn.Module):
    def __init__(self, code=40):
        super().__init__()
        act = nn.SiLU(inplace=True)
        self.down = nn.Sequential(
            nn.Conv2d(3, 20, 3, stride=2, padding=1), act,
            nn.Conv2d(20, 40, 3, stride=2, padding=1), act,
            nn.Conv2d(40, code, 3, stride=2, padding=1),
            nn.AdaptiveAvgPool2d(1),
        )
        self.grow = nn.ConvTranspose2d(code, 32, kernel_size=16)
        self.shuffle = nn.Sequential(nn.Conv2d(32, 3 * 4**2, 3, padding=1), nn.PixelShuffle(4))

    def forward(self, x):
        z = self.down(x).squeeze(-1).squeeze(-1)
        y = self.grow(z.unsqueeze(-1).unsqueeze(-1)).relu()
        y = self.shuffle(y)
        return torch.tanh(y)
