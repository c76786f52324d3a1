"""One process, or several that share each batch.

Several processes go through Lightning Fabric. Importing it takes about three seconds, most of a
short run's start, so a single process has the few calls that the loop makes as one-liners here.
"""

import os
from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from zatlas.errors import InputError


class Processes(Protocol):
    """What the loop asks of the world around it."""

    device: torch.device
    rank: int
    count: int

    def setup(self, model: nn.Module, optimizer: Optimizer) -> tuple[nn.Module, Optimizer]:
        """Move the model to the device and let it share its gradients."""

    def backward(self, loss: Tensor) -> None:
        """Gradients of ``loss``, averaged over the processes."""

    def sum(self, value: Tensor) -> Tensor:
        """The sum of ``value`` over the processes, on each of them."""

    def first(self, work: Callable[[], Any]) -> Any:
        """Do ``work`` in the first process alone; its result, or its InputError, in all."""

    def remarks(self, model: nn.Module) -> list[str]:
        """What the user should know about training this model so, a line each."""


class Alone:
    """The only process, on the CPU or on one GPU."""

    rank, count = 0, 1

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def setup(self, model: nn.Module, optimizer: Optimizer) -> tuple[nn.Module, Optimizer]:
        """The model is on its device already."""
        return model, optimizer

    def backward(self, loss: Tensor) -> None:
        """Gradients of ``loss``."""
        loss.backward()

    def sum(self, value: Tensor) -> Tensor:
        """The value itself."""
        return value

    def first(self, work: Callable[[], Any]) -> Any:
        """Do ``work``."""
        return work()

    def remarks(self, model: nn.Module) -> list[str]:
        """Nothing: this is the plain case."""
        return []


class Shared:
    """One of several processes that torchrun started, through Lightning Fabric."""

    def __init__(self) -> None:
        from lightning_fabric import Fabric

        size = int(os.environ["WORLD_SIZE"])
        here = int(os.environ.get("LOCAL_WORLD_SIZE", size))
        self.fabric = Fabric(
            accelerator="cuda" if torch.cuda.is_available() else "cpu",
            devices=here, num_nodes=size // here, strategy="ddp",
        )  # fmt: skip
        self.fabric.launch()
        self.device, self.rank = self.fabric.device, self.fabric.global_rank
        self.count = self.fabric.world_size

    def setup(self, model: nn.Module, optimizer: Optimizer) -> tuple[nn.Module, Optimizer]:
        """Wrap both, so that gradients are averaged."""
        wrapped, wrapped_optimizer = self.fabric.setup(model, optimizer)
        return wrapped, wrapped_optimizer

    def backward(self, loss: Tensor) -> None:
        """Gradients of ``loss``, averaged over the processes."""
        self.fabric.backward(loss)

    def sum(self, value: Tensor) -> Tensor:
        """The sum over the processes."""
        total: Tensor = self.fabric.all_reduce(value, reduce_op="sum")
        return total

    def first(self, work: Callable[[], Any]) -> Any:
        """Do ``work`` in the first process; all get its result or raise its InputError."""
        result, fault = None, None
        if self.rank == 0:
            try:
                result = work()
            except InputError as error:
                fault = str(error), error.arguments
        result, fault = self.fabric.broadcast((result, fault))
        if fault is not None:
            message, arguments = fault
            raise InputError(message, arguments=arguments)
        return result

    def remarks(self, model: nn.Module) -> list[str]:
        """How many share a batch, and where that changes the result."""
        lines = [f"{self.count} processes share each batch"]
        if any(isinstance(part, nn.modules.batchnorm._BatchNorm) for part in model.modules()):
            lines.append(
                "batch normalisation: each process takes the mean of its share alone, so the "
                "losses differ from those of a single process"
            )
        return lines


def processes() -> Processes:
    """This program's processes: several under torchrun, else one."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        return Shared()
    return Alone(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
