"""Runs the networks of tests/pasted/styles, in a process of its own: python -I run_pasted.py.

Standard input is JSON: a list of (name, source, expression, shape of an image). The expression
makes modules that follow each other. For each network the answer has its parameters, the shape of
its picture and some values of it, with weights that `weights` draws in the order of use.
"""

import builtins
import contextlib
import io
import json
import resource
import sys
from typing import Any
from unittest.mock import MagicMock

import torch
from torch import nn

ALLOWED = {"torch", "math", "numpy", "collections", "typing", "abc", "dataclasses", "argparse",
           "__future__"}  # fmt: skip
STUBS = ("torchvision", "matplotlib", "pytorch_lightning")
FORBIDDEN = ("open", "eval", "exec", "compile", "input", "breakpoint")
LIMITS = {resource.RLIMIT_CPU: 120, resource.RLIMIT_AS: 12 << 30, resource.RLIMIT_FSIZE: 0}
RANDN = torch.randn  # before it is silenced


def guarded(name: str, *rest: Any) -> Any:
    top = name.partition(".")[0]
    if top in STUBS:
        return sys.modules[top]
    if top not in ALLOWED:
        raise ImportError(name)
    return builtins.__import__(name, *rest)


def weights(shape: Any, number: int) -> Any:
    """The weights of the layer of this number, in the order of use."""
    drawn = RANDN(shape, generator=torch.Generator().manual_seed(number))
    return drawn / max(1, drawn[0].numel()) ** 0.5 if drawn.ndim > 1 else 1 + 0.1 * drawn


def silent() -> None:
    """Every draw of random numbers gives zeros, so that a code is its mean."""
    torch.randn_like = torch.zeros_like  # type: ignore[assignment]
    torch.randn = lambda *shape, **rest: torch.zeros(*shape)
    torch.Tensor.normal_ = lambda self, *rest, **named: self.zero_()  # type: ignore[method-assign]
    torch.optim.Adam = torch.optim.SGD = MagicMock()  # type: ignore[misc]
    normal: Any = torch.distributions.Normal
    normal.sample = lambda self, shape=(): torch.zeros(shape)
    normal.rsample = lambda self, shape=(): self.loc


def picture(output: Any, x: Any) -> Any:
    """The first tensor in what forward returns that is as large as the image."""
    listed = list(output.values()) if isinstance(output, dict) else output
    listed = [listed] if isinstance(listed, torch.Tensor) else listed
    return next(y for y in listed if isinstance(y, torch.Tensor) and y.numel() == x.numel()
                and y is not x)  # fmt: skip


def run(source: str, expression: str, shape: list[int]) -> dict[str, Any]:
    allowed = {k: v for k, v in vars(builtins).items() if k not in FORBIDDEN}
    names: dict[str, Any] = {
        "__builtins__": {**allowed, "__import__": guarded}, "__name__": "__main__"
    }  # fmt: skip
    exec(compile(source, "pasted", "exec"), names)
    modules = nn.ModuleList(eval(f"[{expression}]", names)).eval()
    used: list[nn.Module] = []
    for module in modules.modules():
        if list(module.parameters(recurse=False)):
            module.register_forward_pre_hook(lambda module, _: used.append(module))
    x = torch.rand(2, *shape, generator=torch.Generator().manual_seed(0))

    def passed() -> Any:
        held = x
        for module in modules:
            held = module(held)
        return picture(held, x)

    with torch.no_grad():
        passed()
        for number, module in enumerate(dict.fromkeys(used)):
            for parameter in module.parameters(recurse=False):
                parameter.copy_(weights(parameter.shape, number))
        y = passed()
    count = sum(parameter.numel() for parameter in modules.parameters())
    values = y.flatten()[:: max(1, y.numel() // 40)].tolist()
    return {"parameters": count, "shape": list(y.shape[1:]), "values": values}


def main() -> None:
    for limit, value in LIMITS.items():
        resource.setrlimit(limit, (value, value))
    for name in STUBS:
        sys.modules[name] = MagicMock()
    sys.modules["pytorch_lightning"].LightningModule = nn.Module  # type: ignore[attr-defined]
    torch.set_num_threads(1)
    work, answers = json.load(sys.stdin), {}
    silent()
    for name, source, expression, shape in work:
        with contextlib.redirect_stdout(io.StringIO()):
            answers[name] = run(source, expression, shape)
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
