# ModuleLists, passed through in order, with a dropout and an activation between
# ruff: noqa
import torch
import torch.nn as nn
import torch.nn.functional as F


class DeepAutoencoder(nn.Module):
    def __init__(self, input_dim=784, hidden=(256, 64, 16), dropout=0.1):
        super().__init__()
        sizes = [input_dim, *hidden]
        self.enc_layers = nn.ModuleList()
        for i in range(len(sizes) - 1):
            self.enc_layers.append(nn.Linear(sizes[i], sizes[i + 1]))
        self.dec_layers = nn.ModuleList(
            [nn.Linear(sizes[i], sizes[i - 1]) for i in range(len(sizes) - 1, 0, -1)]
        )
        self.drop = nn.Dropout(dropout)

        for layer in self.enc_layers:
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def encode(self, x):
        for i, layer in enumerate(self.enc_layers):
            x = layer(x)
            if i < len(self.enc_layers) - 1:
                x = F.elu(x, 0.5)
                x = self.drop(x)
        return x

    def decode(self, z):
        for layer in self.dec_layers[:-1]:
            z = F.elu(layer(z), alpha=0.5)
        return torch.tanh(self.dec_layers[-1](z))

    def forward(self, x):
        batch_size = x.size(0)
        z = self.encode(x.view(batch_size, -1))
        return self.decode(z)
