"""zatlas: train autoencoders, turn every latent element, and get evidence for what it does."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zatlas.errors import InputError
    from zatlas.images import ImageSet, open_images
    from zatlas.measured import measure_atlas, measure_edits
    from zatlas.models.network import build
    from zatlas.run import Run, open_run, train

# torch takes a second to import, so each public name brings its room when it is first asked for
_ROOMS = {
    "ImageSet": "zatlas.images",
    "InputError": "zatlas.errors",
    "Run": "zatlas.run",
    "build": "zatlas.models.network",
    "measure_atlas": "zatlas.measured",
    "measure_edits": "zatlas.measured",
    "open_images": "zatlas.images",
    "open_run": "zatlas.run",
    "train": "zatlas.run",
}

__version__ = "0.1.0"

__all__ = [
    "ImageSet", "InputError", "Run", "build", "measure_atlas", "measure_edits", "open_images",
    "open_run", "train",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return getattr(import_module(_ROOMS[name]), name)
    raise AttributeError(f"module 'zatlas' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
