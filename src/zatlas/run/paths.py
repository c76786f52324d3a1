"""Every path of a run folder, in one place."""

from pathlib import Path

from zatlas.files import read_text

POINTER = "latest"  # in state/: the name of the newest checkpoint


class RunPaths:
    """The files and folders of the run in ``folder``; they need not exist.

    ``asked`` are the files that say what was asked for.

    >>> RunPaths(Path("runs/a")).history.as_posix()
    'runs/a/history.csv'
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.page = folder, folder / "atlas.html"
        self.directions_page = folder / "directions.html"
        self.config, self.model = self.asked = (folder / "config.yaml", folder / "model.yaml")
        self.evidence, self.state, self.directions = self.folders = (
            folder / "evidence", folder / "state", folder / "directions"
        )  # fmt: skip
        self.weights = folder / "model.safetensors"
        self.codes = folder / "codes.npz"
        self.history = folder / "history.csv"
        self.names = folder / "names.yaml"
        self.reconstruction = self.evidence / "reconstruction.json"
        self.learning = self.evidence / "learning.json"
        self.edits = self.evidence / "edits.json"
        self.atlas = self.evidence / "atlas.json"
        self.maps = self.evidence / "atlas.npz"
        measured = (self.reconstruction, self.learning, self.edits, self.atlas, self.maps)
        made = (self.weights, self.codes, self.history, self.names)
        self._made = (*made, *measured, self.state / POINTER)

    @property
    def made(self) -> tuple[Path, ...]:
        """The files that a run makes beside its checkpoints and the page of its atlas."""
        return (*self._made, *sorted(self.directions.glob("*.json")),
                *sorted(self.directions.glob("*.npz")))  # fmt: skip

    def so_far(self) -> str:
        """How a training that was stopped ends with the weights that it has."""
        pointer = self.state / POINTER
        done = read_text(pointer, longest=100).partition("-")[0] if pointer.is_file() else ""
        if not (done.isdecimal() and int(done)):
            return ""
        return f", or, for the weights so far, with resume=True epochs={int(done)}"
