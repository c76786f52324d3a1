# Layers by add_module and setattr with numbered names, taken back with getattr
# ruff: noqa
import torch.nn as nn
import torch.nn.functional as F


class NumberedAE(nn.Module):
    def __init__(self, layer_sizes=(784, 200, 50, 5)):
        super(NumberedAE, self).__init__()
        self.n = len(layer_sizes) - 1
        for i, (a, b) in enumerate(zip(layer_sizes, layer_sizes[1:])):
            setattr(self, f"enc{i}", nn.Linear(a, b))
            self.add_module(f"dec{i}", nn.Linear(b, a))
        self.activations = {"relu": nn.ReLU(), "tanh": nn.Tanh()}
        self.act = self.activations["relu"]

    def forward(self, x):
        x = x.view(x.size()[0], -1)
        for i in range(self.n):
            x = getattr(self, f"enc{i}")(x)
            x = self.act(x)
        for i in range(self.n - 1, -1, -1):
            x = getattr(self, f"dec{i}")(x)
            x = F.sigmoid(x) if i == 0 else self.act(x)
        return x
