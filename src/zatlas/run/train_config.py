"""The settings of a training run, checked before anything starts."""

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from zatlas.errors import InputError, argument_error
from zatlas.models.architecture import Architecture
from zatlas.syntax import format_call


class TrainConfig(BaseModel):
    """The settings of one training run.

    Parameters
    ----------
    epochs
        The number of times through the training images.
    batch_size
        Images a step, over all processes.
    lr
        The step size of Adam.
    seed
        What the first weights, the order of the images and the noise are drawn by.
    precision
        What the network computes in; ``auto`` takes bfloat16 where the hardware multiplies in it.
    patience
        The number of epochs without a lower held-out loss after which training stops; None: never.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: int = Field(default=30, ge=1)
    batch_size: int = Field(default=256, ge=1)
    lr: float = Field(default=1e-3, gt=0, allow_inf_nan=False)
    seed: int = Field(default=0, ge=0, lt=2**63)
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    patience: int | None = Field(default=None, ge=1)


def train_config(**settings: object) -> TrainConfig:
    """A checked TrainConfig; InputError names the setting, its value and what was expected.

    >>> train_config(epochs=5).batch_size
    256
    """
    try:
        return TrainConfig.model_validate(settings)
    except ValidationError as error:
        fault = error.errors()[0]
        name = str(fault["loc"][0])
        if fault["type"] == "extra_forbidden":
            raise InputError(f"unknown training setting {name!r}") from None
        raise InputError(f"{name}={fault['input']!r}: {fault['msg']}", arguments=(name,)) from None


def check_batches(config: TrainConfig, network: Architecture) -> None:
    """Raise InputError where batches of one image meet a layer that takes a batch's statistics."""
    for row in network.rows if config.batch_size == 1 else ():
        if row.call.name in ("BatchNorm1d", "BatchNorm2d") and math.prod(row.shape[1:]) == 1:
            layer = f"{row.part} layer {row.index} {format_call(row.call)}"
            fault = f"{layer} takes the mean of a batch; give 2 or more"
            raise argument_error("batch_size", 1, fault)
