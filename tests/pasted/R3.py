# Report R3: one hidden layer, latent 1024; its author adds 0.5 to the whole code, then sets two
# elements
# ruff: noqa
import torch.nn as nn


class Shallow(nn.Module):
    def __init__(self):
        super(Shallow, self).__init__()
        self.encoder = nn.Sequential(nn.Linear(64 * 64 * 3, 1024), nn.ReLU())
        self.decoder = nn.Sequential(nn.Linear(1024, 64 * 64 * 3), nn.Tanh())

    def forward(self, x):
        x = self.encoder(x)
        x = self.decoder(x)
        return x


latent = model.encoder(img)
latent = latent + 0.5

latent = model.encoder(img)
latent[:,3], latent[:,1000] = 2, 8  # fmt: skip
