"""The weights of a run: reading them, and the fingerprint that what is measured on them carries."""

import hashlib
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from zatlas.errors import InputError
from zatlas.models.model_file import ModelFile
from zatlas.models.network import Autoencoder

LARGEST_WEIGHT = 1e15  # above it, the network computes infinite numbers


def weights_fingerprint(model: nn.Module) -> str:
    """A SHA-256 digest of the names and the values of a model's weights."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.cpu().contiguous().numpy().data)
    return digest.hexdigest()


def read_network(file: Path, model_file: ModelFile) -> Autoencoder:
    """The network of a model file with the weights in ``file``. Raises InputError."""
    with torch.device("meta"):
        model = Autoencoder(model_file, model_file.architecture())
    try:
        weights = load_file(file)
        dtypes = {name: tensor.dtype for name, tensor in model.state_dict().items()}
        model.load_state_dict(weights, assign=True)
        for name, tensor in weights.items():
            if tensor.dtype != dtypes[name]:
                raise RuntimeError("not float32")
            if not bool((tensor.abs() < LARGEST_WEIGHT).all()):  # NaN too
                raise RuntimeError(f"{name} is not finite, or too large")
    except (SafetensorError, RuntimeError, OSError) as error:
        reason = str(error).strip().splitlines()[-1].strip()
        fault = f"holds no weights of this model ({reason}); train again, or copy the file again"
        raise InputError(f"{file}: {fault}") from None
    model.to(memory_format=model.memory_format)  # type: ignore[call-overload]  # torch's stub
    return model.eval().requires_grad_(False)
