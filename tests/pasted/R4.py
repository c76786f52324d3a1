# Report R4: fully connected, latent 10; its author doubles element 0, then adds 5 to element 2
# ruff: noqa
import torch.nn as nn


class Autoencoder10(nn.Module):
    def __init__(self):
        super(Autoencoder10, self).__init__()

        self.encoder = nn.Sequential(
            nn.Linear(64 * 64 * 3, 1024),
            nn.ReLU(),
            nn.Linear(1024, 256),
            nn.ReLU(),
            nn.Linear(256, 64),
            nn.ReLU(),
            nn.Linear(64, 10),
        )

        self.decoder = nn.Sequential(
            nn.Linear(10, 64),
            nn.ReLU(),
            nn.Linear(64, 256),
            nn.ReLU(),
            nn.Linear(256, 1024),
            nn.ReLU(),
            nn.Linear(1024, 64 * 64 * 3),
            nn.Tanh(),
        )

    def forward(self, x):
        x = self.encoder(x)
        x = self.decoder(x)
        return x


z1 = model.encoder(x)
z2 = model.encoder(x)
z1[0][0] *= 2
z2[0][2] += 5
picture = model.decoder(z1)
