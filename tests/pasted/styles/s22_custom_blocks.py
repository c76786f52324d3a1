# Blocks as classes of their own, collected in a list, an encoder class that keeps its shape
# ruff: noqa
import torch
from torch import nn


class ConvBlock(nn.Module):
    def __init__(self, in_ch, out_ch, k=3, s=2, norm=True):
        super().__init__()
        self.conv = nn.Conv2d(in_ch, out_ch, k, stride=s, padding=k // 2, bias=not norm)
        self.bn = nn.BatchNorm2d(out_ch) if norm else nn.Identity()
        self.act = nn.LeakyReLU(0.2)

    def forward(self, x):
        return self.act(self.bn(self.conv(x)))


class DeconvBlock(nn.Module):
    def __init__(self, in_ch, out_ch, last=False):
        super().__init__()
        self.up = nn.ConvTranspose2d(in_ch, out_ch, 4, 2, 1)
        self.last = last
        if not last:
            self.bn = nn.BatchNorm2d(out_ch)

    def forward(self, x):
        x = self.up(x)
        if self.last:
            return torch.tanh(x)
        return torch.relu_(self.bn(x))


class FaceAutoencoder(nn.Module):
    def __init__(self, channels=[3, 16, 32, 64, 128], z_dim=50):
        super().__init__()
        self.channels = channels
        blocks = []
        for i in range(1, len(channels)):
            blocks.append(ConvBlock(channels[i - 1], channels[i], norm=(i != 1)))
        self.encoder = nn.ModuleDict({"body": nn.Sequential(*blocks), "head": nn.Linear(128 * 4 * 4, z_dim)})
        self.decoder_head = nn.Linear(z_dim, 128 * 4 * 4)
        self.decoder_body = nn.Sequential(
            *[
                DeconvBlock(channels[i], channels[i - 1], last=(i == 1))
                for i in range(len(channels) - 1, 0, -1)
            ]
        )

    def encode(self, x):
        h = self.encoder["body"](x)
        return self.encoder["head"](h.view(h.size(0), -1))

    def decode(self, z):
        h = self.decoder_head(z)
        h = h.view(z.size(0), self.channels[-1], 4, 4)
        return self.decoder_body(h)

    def forward(self, x):
        z = self.encode(x)
        return self.decode(z), z
