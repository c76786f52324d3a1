# Refused: attention between patches
# ruff: noqa
import torch
from torch import nn


class PatchAutoencoder(nn.Module):
    def __init__(self, dim=64, heads=4, patch=8):
        super().__init__()
        self.embed = nn.Conv2d(3, dim, patch, stride=patch)
        self.attention = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.encoder = nn.Linear(dim, 8)
        self.decoder = nn.Linear(8, 3 * patch * patch)

    def forward(self, x):
        tokens = self.embed(x).flatten(2).transpose(1, 2)
        tokens, _ = self.attention(tokens, tokens, tokens)
        return self.decoder(self.encoder(tokens))
