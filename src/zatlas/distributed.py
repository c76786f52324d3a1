"""Training in one process, or in several processes that share each batch.

Several processes use Lightning Fabric. Its import takes about three seconds, so a single process
does without it.
"""

import os
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from zatlas.errors import InputError

Optimizers = dict[str, Optimizer]


class Processes:
    """The interface of the training loop to the processes; here, a single process.

    Attributes
    ----------
    device : the device of this process.
    rank : the number of this process, from 0.
    count : the number of processes.
    """

    def __init__(self) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.rank, self.count = 0, 1

    def setup(self, model: nn.Module, optimizers: Optimizers) -> tuple[nn.Module, Optimizers]:
        """Wrap the model and the optimizers, so that gradients are averaged over processes."""
        return model, optimizers

    def backward(self, loss: Tensor) -> None:
        """Compute the gradients of ``loss``, averaged over the processes."""
        loss.backward()

    def sum(self, value: Tensor) -> Tensor:
        """The sum of ``value`` over the processes, in each of them."""
        return value

    def on_main_process(self, work: Callable[[], Any]) -> Any:
        """Call ``work`` in process 0 alone; every process gets its result or its InputError."""
        return work()

    def remarks(self, model: nn.Module) -> list[str]:
        """Remarks for the user on training this model here, one line each."""
        return []


class Distributed(Processes):
    """One of several processes that torchrun started, with Lightning Fabric."""

    def __init__(self) -> None:
        from lightning_fabric import Fabric

        size = int(os.environ["WORLD_SIZE"])
        here = int(os.environ.get("LOCAL_WORLD_SIZE", size))
        device = "cuda" if torch.cuda.is_available() else "cpu"
        fabric = Fabric(accelerator=device, strategy="ddp", devices=here, num_nodes=size // here)
        fabric.launch()
        self.fabric, self.device = fabric, fabric.device
        self.rank, self.count = fabric.global_rank, fabric.world_size

    def setup(self, model: nn.Module, optimizers: Optimizers) -> tuple[nn.Module, Optimizers]:
        """Wrap the model and the optimizers with Fabric."""
        network, *wrapped = self.fabric.setup(model, *optimizers.values())
        return network, dict(zip(optimizers, wrapped, strict=True))

    def backward(self, loss: Tensor) -> None:
        """Compute the gradients of ``loss``, averaged over the processes."""
        self.fabric.backward(loss)

    def sum(self, value: Tensor) -> Tensor:
        """The sum of ``value`` over the processes."""
        total: Tensor = self.fabric.all_reduce(value, reduce_op="sum")
        return total

    def on_main_process(self, work: Callable[[], Any]) -> Any:
        """Call ``work`` in process 0 and broadcast its result or its InputError."""
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
        """The number of processes, and a warning about batch normalization."""
        lines = [f"{self.count} processes share each batch"]
        if any(isinstance(part, nn.modules.batchnorm._BatchNorm) for part in model.modules()):
            remark = "each process uses the mean of its own part of the batch"
            end = "so the losses differ from those of a single process"
            lines.append(f"batch normalization: {remark}, {end}")
        return lines


def current_processes() -> Processes:
    """The processes of this program: several under torchrun, otherwise one."""
    return Distributed() if int(os.environ.get("WORLD_SIZE", "1")) > 1 else Processes()
