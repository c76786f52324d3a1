"""What a training run was asked to do, checked before anything starts."""

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from zatlas.errors import InputError
from zatlas.models.architecture import Architecture
from zatlas.syntax import format_call


class Plan(BaseModel):
    """The settings of one training run.

    ``batch_size`` counts images over all processes; ``patience`` is the number of epochs without a
    better held-out loss after which training stops, None for never; ``lr`` is Adam's step size.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: int = Field(default=30, ge=1)
    batch_size: int = Field(default=256, ge=1)
    lr: float = Field(default=1e-3, gt=0, allow_inf_nan=False)
    seed: int = Field(default=0, ge=0, lt=2**63)
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    patience: int | None = Field(default=None, ge=1)


def plan(**settings: object) -> Plan:
    """A checked Plan; InputError names the setting, its value and what was expected."""
    try:
        return Plan.model_validate(settings)
    except ValidationError as error:
        fault = error.errors()[0]
        name = str(fault["loc"][0])
        option = "--" + name.replace("_", "-")
        if fault["type"] == "extra_forbidden":
            raise InputError(f"unknown training setting {name!r}") from None
        raise InputError(f"{option} {fault['input']!r}: {fault['msg']}") from None


def check_batches(asked: Plan, network: Architecture) -> None:
    """Raises InputError where batches of one image meet a layer that takes a batch's statistics."""
    for row in network.rows:
        if (
            asked.batch_size == 1
            and row.call.name in ("BatchNorm1d", "BatchNorm2d")
            and math.prod(row.shape[1:]) == 1
        ):
            raise InputError(
                f"--batch-size 1: {row.part} layer {row.index} {format_call(row.call)} takes the "
                "mean of a batch; give 2 or more"
            )
