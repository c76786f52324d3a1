# A quick-start style: Flatten first, Sigmoid and then Unflatten last
# ruff: noqa
import torch
from torch import nn


class NeuralNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear_relu_stack = nn.Sequential(
            nn.Flatten(),
            nn.Linear(28 * 28, 512),
            nn.ReLU(),
            nn.Linear(512, 12),
            nn.ReLU(),
            nn.Linear(12, 512),
            nn.ReLU(),
            nn.Linear(512, 28 * 28),
            nn.Sigmoid(),
            nn.Unflatten(1, (1, 28, 28)),
        )

    def forward(self, x):
        return self.linear_relu_stack(x)


model = NeuralNetwork().to("cpu")
print(model)
