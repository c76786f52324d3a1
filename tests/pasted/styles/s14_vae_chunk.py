# A VAE that cuts the encoder's output in two with chunk, and draws with rsample
# ruff: noqa
from dataclasses import dataclass

import torch
from torch import nn
from torch.distributions import Normal


@dataclass
class Config:
    image_size: int = 32
    channels: int = 3
    hidden: int = 256
    latent: int = 16


cfg = Config()


class GaussianVAE(nn.Module):
    def __init__(self, cfg=cfg):
        super().__init__()
        n_pixels = cfg.channels * cfg.image_size**2
        self.encoder = nn.Sequential(
            nn.Flatten(),
            nn.Linear(n_pixels, cfg.hidden),
            nn.SiLU(),
            nn.Linear(cfg.hidden, cfg.latent * 2),
        )
        self.decoder = nn.Sequential(
            nn.Linear(cfg.latent, cfg.hidden),
            nn.SiLU(),
            nn.Linear(cfg.hidden, n_pixels),
            nn.Sigmoid(),
            nn.Unflatten(1, (cfg.channels, cfg.image_size, cfg.image_size)),
        )

    def forward(self, x):
        mu, log_var = self.encoder(x).chunk(2, dim=-1)
        q = Normal(mu, (0.5 * log_var).exp())
        z = q.rsample()
        x_hat = self.decoder(z)
        return {"x_hat": x_hat, "mu": mu, "log_var": log_var}
