"""The loops that zatlas is compared with: each prints the images/s of every epoch.

python benchmarks/loops.py notebook|lightning|pythae MODEL IMAGES.npy BATCH EPOCHS

All train zatlas's own network and objective on a uint8 array in memory. ``notebook`` is the loop of
course notebooks: a Dataset that converts one image at a time, a shuffling DataLoader, plain Adam,
`loss.item()` every step. ``lightning`` is a plain LightningModule with the same loader under the
default Trainer: progress bar, logger, checkpoints. ``pythae`` holds the network in its AE or VAE
class and trains with its BaseTrainer, on its BaseDataset, which is float32 from the start; its VAE
adds half the sum of squares and the KL term. All in default precision and memory settings.
"""

import contextlib
import sys
import tempfile
import time
import warnings

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from zatlas.models.network import Autoencoder, build
from zatlas.recipes.step import Context, Step


class Images(Dataset[Tensor]):
    """One image at a time, as notebooks convert them."""

    def __init__(self, path: str) -> None:
        self.tensors = torch.from_numpy(np.load(path)).permute(0, 3, 1, 2)

    def __len__(self) -> int:
        return len(self.tensors)

    def __getitem__(self, index: int) -> Tensor:
        return 2.0 * self.tensors[index].to(torch.float32) / 255.0 - 1.0


class Clock:
    """Prints images/s each time an epoch has ended."""

    def __init__(self, count: int) -> None:
        self.count = count

    def start(self) -> None:
        """An epoch begins."""
        self.started = time.perf_counter()

    def stop(self) -> None:
        """It has ended."""
        print("images/s", self.count / (time.perf_counter() - self.started), flush=True)


def batch_loss(model: Autoencoder, x: Tensor) -> Tensor:
    """The objective of the model's file on one batch."""
    noise = torch.randn(len(x), model.latent) if model.bottleneck.needs_noise else None
    step = Step(x, model(x, noise), Context(), model, x, torch.Generator())
    return model.model_file.objective.loss(step).total


def notebook(model: Autoencoder, path: str, batch: int, epochs: int) -> None:
    """The loop as it is written in notebooks."""
    images = Images(path)
    clock, loader = Clock(len(images)), DataLoader(images, batch_size=batch, shuffle=True)
    optimizer, total = torch.optim.Adam(model.parameters(), lr=1e-3), 0.0
    for _ in range(epochs):
        clock.start()
        for x in loader:
            loss = batch_loss(model, x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
        clock.stop()


def lightning(model: Autoencoder, path: str, batch: int, epochs: int) -> None:
    """Lightning's default Trainer."""
    import lightning as L  # noqa: N812  its own custom

    images = Images(path)
    clock = Clock(len(images))

    class Module(L.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def training_step(self, x: Tensor, index: int) -> Tensor:
            loss = batch_loss(self.model, x)
            self.log("loss", loss, prog_bar=True)
            return loss

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), lr=1e-3)

        def on_train_epoch_start(self) -> None:
            clock.start()

        def on_train_epoch_end(self) -> None:
            clock.stop()

    with tempfile.TemporaryDirectory() as folder:
        trainer = L.Trainer(max_epochs=epochs, accelerator="cpu", default_root_dir=folder)
        with contextlib.redirect_stdout(sys.stderr):
            module = Module()
        trainer.fit(module, DataLoader(images, batch_size=batch, shuffle=True))


def pythae(model: Autoencoder, path: str, batch: int, epochs: int) -> None:
    """pythae's BaseTrainer with its AE or VAE around the same layers."""
    from pythae.data.datasets import BaseDataset
    from pythae.models import AE, VAE, AEConfig, VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
    from pythae.trainers.training_callbacks import TrainingCallback

    images = Images(path)
    floats = images.tensors.float().mul_(2 / 255).sub_(1)
    clock = Clock(len(images))

    class Encoder(BaseEncoder):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, x: Tensor) -> ModelOutput:
            mean, log_sd = self.model.posterior(x)
            if log_sd is None:
                return ModelOutput(embedding=mean)
            return ModelOutput(embedding=mean, log_covariance=2 * log_sd)

    class Decoder(BaseDecoder):
        def __init__(self) -> None:
            super().__init__()
            self.layers = model.decoder

        def forward(self, z: Tensor) -> ModelOutput:
            code = z.unflatten(1, model.architecture.code_shape)
            return ModelOutput(reconstruction=self.layers(code))

    class Timed(TrainingCallback):
        def on_epoch_begin(self, training_config: object, **_: object) -> None:
            clock.start()

        def on_epoch_end(self, training_config: object, **_: object) -> None:
            clock.stop()

    size = {"input_dim": model.architecture.image, "latent_dim": model.latent}
    gaussian = bool(model.bottleneck.heads)
    made = (VAE(VAEConfig(**size), Encoder(), Decoder()) if gaussian
            else AE(AEConfig(**size), Encoder(), Decoder()))  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        config = BaseTrainerConfig(
            output_dir=folder, num_epochs=epochs, learning_rate=1e-3, no_cuda=True,
            per_device_train_batch_size=batch,
        )  # fmt: skip
        dataset = BaseDataset(floats, torch.zeros(len(floats)))
        trainer = BaseTrainer(made, dataset, training_config=config, callbacks=[Timed()])
        trainer.train()


LOOPS = {"notebook": notebook, "lightning": lightning, "pythae": pythae}


def main() -> None:
    """Train and print."""
    warnings.simplefilter("ignore")
    loop, name, path, batch, epochs = sys.argv[1], *sys.argv[2:4], *map(int, sys.argv[4:6])
    torch.manual_seed(0)
    LOOPS[loop](build(name).train(), path, batch, epochs)


if __name__ == "__main__":
    main()
