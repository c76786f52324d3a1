# A sparse autoencoder: the code after a ReLU, both are returned, and a penalty is computed outside
# ruff: noqa
import torch
import torch.nn as nn


class SparseAutoencoder(nn.Module):
    def __init__(self, n_features=3072, n_hidden=4096, tied=False):
        super().__init__()
        self.encoder = nn.Linear(n_features, n_hidden)
        self.relu = nn.ReLU()
        self.decoder = nn.Linear(n_hidden, n_features, bias=not tied)

    def forward(self, x):
        x = x.flatten(start_dim=1)
        encoded = self.relu(self.encoder(x))
        decoded = self.decoder(encoded)
        return encoded, decoded


def kl_divergence(rho, rho_hat):
    rho_hat = torch.mean(torch.sigmoid(rho_hat), 1)
    rho = torch.tensor([rho] * len(rho_hat))
    return torch.sum(rho * torch.log(rho / rho_hat) + (1 - rho) * torch.log((1 - rho) / (1 - rho_hat)))
