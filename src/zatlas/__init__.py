"""zatlas trains autoencoders, edits their latent elements, and measures what each edit does."""

from importlib import import_module

TYPE_CHECKING = False  # typing takes 8 ms to import, in which no Ctrl-C would be handled
if TYPE_CHECKING:
    from zatlas.errors import InputError
    from zatlas.images import ImageSet, open_images, prepare_images
    from zatlas.models.network import build
    from zatlas.process import configure_process
    from zatlas.run.run import Run, open_run
    from zatlas.workflows.atlas import measure_atlas
    from zatlas.workflows.atlas_view import Atlas
    from zatlas.workflows.demo import demo
    from zatlas.workflows.edits import draw_plate, measure_edits
    from zatlas.workflows.examine import examine
    from zatlas.workflows.train import train

# torch takes a second to import, so a public name imports its module when it is first used
_MODULES = {
    "Atlas": "zatlas.workflows.atlas_view",
    "ImageSet": "zatlas.images",
    "InputError": "zatlas.errors",
    "Run": "zatlas.run.run",
    "build": "zatlas.models.network",
    "configure_process": "zatlas.process",
    "demo": "zatlas.workflows.demo",
    "draw_plate": "zatlas.workflows.edits",
    "examine": "zatlas.workflows.examine",
    "measure_atlas": "zatlas.workflows.atlas",
    "measure_edits": "zatlas.workflows.edits",
    "open_images": "zatlas.images",
    "open_run": "zatlas.run.run",
    "prepare_images": "zatlas.images",
    "train": "zatlas.workflows.train",
}

__version__ = "0.2.0.dev0"

__all__ = [
    "Atlas", "ImageSet", "InputError", "Run", "build", "configure_process", "demo", "draw_plate",
    "examine", "measure_atlas", "measure_edits", "open_images", "open_run", "prepare_images",
    "train",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module 'zatlas' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
