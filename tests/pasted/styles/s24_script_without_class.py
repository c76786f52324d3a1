# A script without a class: two nn.Sequentials, one with names, and a third for both
# ruff: noqa
import torch
from torch import nn
from collections import OrderedDict

latent = 8
encoder = nn.Sequential(
    OrderedDict(
        [
            ("flatten", nn.Flatten()),
            ("fc1", nn.Linear(784, 100)),
            ("act1", nn.Tanh()),
            ("fc2", nn.Linear(100, latent)),
        ]
    )
)
decoder = nn.Sequential(nn.Linear(latent, 100), nn.Tanh())
decoder.append(nn.Linear(100, 784))
decoder.add_module("out", nn.Sigmoid())
autoencoder = nn.Sequential(encoder, decoder)

optimizer = torch.optim.SGD(autoencoder.parameters(), lr=0.1)
