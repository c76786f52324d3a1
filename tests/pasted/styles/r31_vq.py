# Refused: a code book in the bottleneck
# ruff: noqa
import torch
from torch import nn
import torch.nn.functional as F


class VectorQuantizer(nn.Module):
    def __init__(self, n_codes=64, dim=16):
        super().__init__()
        self.embedding = nn.Embedding(n_codes, dim)

    def forward(self, z):
        flat = z.permute(0, 2, 3, 1).reshape(-1, z.size(1))
        distances = torch.cdist(flat, self.embedding.weight)
        quantized = self.embedding(distances.argmin(1)).view(z.shape)
        return z + (quantized - z).detach()


class VQVAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 16, 4, 2, 1))
        self.vq = VectorQuantizer()
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(16, 32, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, 3, 4, 2, 1), nn.Sigmoid()
        )

    def forward(self, x):
        return self.decoder(self.vq(self.encoder(x)))
