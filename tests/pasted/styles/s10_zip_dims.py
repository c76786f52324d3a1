# Layers from a list of widths with zip, the decoder from the same list reversed
# ruff: noqa
import torch
from torch import nn

DIMS = [3 * 64 * 64, 512, 128, 32]


class StackedAutoEncoder(nn.Module):
    def __init__(self, dims=DIMS, activation=nn.ReLU):
        super().__init__()
        layers = []
        for n_in, n_out in zip(dims[:-1], dims[1:]):
            layers += [nn.Linear(n_in, n_out), activation()]
        layers = layers[:-1]  # no activation on the code
        self.encoder = nn.Sequential(nn.Flatten(), *layers)

        layers = []
        rev = dims[::-1]
        for n_in, n_out in zip(rev, rev[1:]):
            layers.append(nn.Linear(n_in, n_out))
            layers.append(activation())
        layers.pop()
        self.decoder = nn.Sequential(*layers, nn.Tanh())

    def forward(self, x):
        z = self.encoder(x)
        out = self.decoder(z)
        return out.view(x.shape)
