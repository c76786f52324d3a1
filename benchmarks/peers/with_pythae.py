"""One family in pythae, around the network and the first weights of zatlas; see families.py."""

import contextlib
import json
import sys
import time
from typing import Any

import numpy as np
import torch
from pythae import models
from pythae.data.datasets import BaseDataset
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from torch import Tensor

import zatlas
from zatlas.models.model_file import read_model
from zatlas.models.scaling import changed

asked = json.loads(sys.argv[1])
zatlas.configure_process()  # the same number of threads and kind of products
network = changed(read_model(asked["model"]), recipe=asked["recipe"])
model = zatlas.build(network, seed=asked["seed"]).train()
shape = model.architecture.code_shape


class Encoder(BaseEncoder):
    """The encoder, as pythae asks for one; for a variational family its two heads."""

    def __init__(self) -> None:
        super().__init__()
        self.encoders = model.encoders
        if model.bottleneck.heads:
            self.means, self.log_sds = model.means, model.log_sds

    def forward(self, x: Tensor) -> ModelOutput:
        """The code, or the mean and the logarithm of the variance."""
        trunk = self.encoders[0](x)
        if not model.bottleneck.heads:
            return ModelOutput(embedding=trunk)
        mean, log_sd = (heads[0](trunk) for heads in (self.means, self.log_sds))
        return ModelOutput(embedding=mean, log_covariance=2 * log_sd)


class Decoder(BaseDecoder):
    """The decoder, as pythae asks for one."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = model.decoder

    def forward(self, z: Tensor) -> ModelOutput:
        """The pictures."""
        if z.ndim == 4 and z.shape[1:] != shape:
            z = z.permute(0, 3, 1, 2)  # its quantiser has channels last
        return ModelOutput(reconstruction=self.layers(z.reshape(len(z), *shape)))


def dataset(path: str) -> BaseDataset:
    """All pictures as floats, which is what pythae trains on."""
    floats = torch.from_numpy(np.load(path)).permute(0, 3, 1, 2).float().mul_(2 / 255).sub_(1)
    return BaseDataset(floats, torch.zeros(len(floats)))


def reconstructed(trained: Any, x: Tensor) -> Tensor:
    """The deterministic reconstruction: of the mean, or of the quantised code."""
    code = trained.encoder(x).embedding
    if hasattr(trained, "quantizer"):
        vectors = code if code.ndim == 4 else code.reshape(len(code), 1, 1, -1)
        quantised = trained.quantizer(vectors.permute(0, 2, 3, 1), uses_ddp=False)
        code = quantised.quantized_vector
        code = code if len(shape) == 3 else code.reshape(len(x), -1)
    return trained.decoder(code).reconstruction


size = {"input_dim": model.architecture.image, "latent_dim": model.latent}
name = asked["pythae"]
config = getattr(models, f"{name}Config", None) or getattr(models, f"{name}_Config")
settings = config(**size, **asked["settings"])
parts = {"encoder": Encoder(), "decoder": Decoder()}
family = getattr(models, name)(settings, **parts)
train, valid = dataset(asked["train"]), dataset(asked["valid"])
training = BaseTrainerConfig(
    output_dir=asked["out"], num_epochs=asked["epochs"], learning_rate=1e-3, no_cuda=True,
    per_device_train_batch_size=64, per_device_eval_batch_size=64, seed=asked["seed"],
)  # fmt: skip
started = time.perf_counter()
with contextlib.redirect_stdout(sys.stderr):
    trainer = BaseTrainer(family, train, valid, training_config=training)
    trainer.train()
seconds = time.perf_counter() - started
best = trainer._best_model.eval()
with torch.no_grad():
    error = torch.cat([reconstructed(best, x) - x for x in valid.data.split(64)])
speed = len(train) * asked["epochs"] / seconds
print(json.dumps({"mse": round(error.square().mean().item(), 6), "seconds": round(seconds, 1),
                  "images_per_second": round(speed, 1)}))  # fmt: skip
