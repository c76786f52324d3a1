"""What a user of pythae writes for a VAE with the network fcn-64, and its held-out error.

python benchmarks/peers/user_pythae_network.py TRAIN.npy VALID.npy FOLDER

As in user_pythae.py the mean of the code is decoded. Pixels are in [-1, 1].
"""

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from pythae.models import VAE, AutoModel, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.pipelines import TrainingPipeline
from pythae.trainers import BaseTrainerConfig
from torch import Tensor, nn

WIDTHS = [3 * 64 * 64, 1024, 512, 256, 128, 64]


def layers(widths: list[int]) -> nn.Sequential:
    """Linear layers with LeakyReLU between them."""
    made: list[nn.Module] = []
    for pair in pairwise(widths):
        made += [nn.Linear(*pair), nn.LeakyReLU(0.1)]
    return nn.Sequential(*made[:-1])


class Encoder(BaseEncoder):
    """Pictures to the mean and the logarithm of the variance of a code."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Flatten(), layers(WIDTHS[:-1]), nn.LeakyReLU(0.1))
        self.mean, self.log_variance = nn.Linear(*WIDTHS[-2:]), nn.Linear(*WIDTHS[-2:])

    def forward(self, x: Tensor) -> ModelOutput:
        """Mean and log variance."""
        trunk = self.trunk(x)
        return ModelOutput(embedding=self.mean(trunk), log_covariance=self.log_variance(trunk))


class Decoder(BaseDecoder):
    """Codes to pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(layers(WIDTHS[::-1]), nn.Tanh(), nn.Unflatten(1, (3, 64, 64)))

    def forward(self, z: Tensor) -> ModelOutput:
        """Pictures."""
        return ModelOutput(reconstruction=self.layers(z))


train, valid = (np.load(path).transpose(0, 3, 1, 2) / np.float32(127.5) - 1
                for path in sys.argv[1:3])  # fmt: skip
model = VAE(VAEConfig(input_dim=train.shape[1:], latent_dim=64), Encoder(), Decoder())
config = BaseTrainerConfig(output_dir=sys.argv[3], num_epochs=8, learning_rate=1e-3)
TrainingPipeline(model, config)(train, valid)
best = AutoModel.load_from_folder(str(max(Path(sys.argv[3]).glob("*/final_model")))).eval()
with torch.no_grad():
    reconstructed = best.decoder(best.encoder(torch.from_numpy(valid)).embedding).reconstruction
print("held-out MSE", np.square(reconstructed.numpy() - valid).mean())
