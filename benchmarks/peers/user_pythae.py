"""What a user of pythae writes: a VAE with pythae's own network, and its held-out error.

python benchmarks/peers/user_pythae.py TRAIN.npy VALID.npy FOLDER

Its network has one hidden layer of 512 and pixels in [0, 1]. `reconstruct` of pythae draws a code
at random, so the mean of the code is decoded here.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from pythae.models import VAE, AutoModel, VAEConfig
from pythae.pipelines import TrainingPipeline
from pythae.trainers import BaseTrainerConfig

train, valid = (np.load(path).transpose(0, 3, 1, 2) / np.float32(255) for path in sys.argv[1:3])
model = VAE(VAEConfig(input_dim=train.shape[1:], latent_dim=64))
config = BaseTrainerConfig(output_dir=sys.argv[3], num_epochs=8, learning_rate=1e-3)
TrainingPipeline(model, config)(train, valid)
best = AutoModel.load_from_folder(str(max(Path(sys.argv[3]).glob("*/final_model")))).eval()
with torch.no_grad():
    reconstructed = best.decoder(best.encoder(torch.from_numpy(valid)).embedding).reconstruction
print("held-out MSE", np.square(reconstructed.numpy() - valid).mean())
