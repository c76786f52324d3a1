"""Every path of a run folder, in one place."""

from pathlib import Path


class RunPaths:
    """The files and folders of the run in ``folder``; they need not exist.

    >>> RunPaths(Path("runs/a")).history.as_posix()
    'runs/a/history.csv'
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "config.yaml"
        self.model = folder / "model.yaml"
        self.weights = folder / "model.safetensors"
        self.state = folder / "state"
        self.history = folder / "history.csv"
        self.codes = folder / "codes.npz"
        self.names = folder / "names.yaml"
        self.page = folder / "atlas.html"
        self.evidence = folder / "evidence"
        self.reconstruction = self.evidence / "reconstruction.json"
        self.edits = self.evidence / "edits.json"
        self.atlas = self.evidence / "atlas.json"
        self.maps = self.evidence / "atlas.npz"
