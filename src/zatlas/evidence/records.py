"""The typed results of measuring: one class each, from where it is measured to where it is shown.

Smaller results stand beside the code that measures them, as ``Flags`` in ``effects/flags.py`` and
``Usage`` in ``codes/usage.py``. ``sentence`` is computed from the other fields.
"""

from typing import Any, Literal

from pydantic import computed_field, model_validator

from zatlas.evidence.arrays import Property as Property  # others import it from here
from zatlas.evidence.arrays import PropertyKind
from zatlas.evidence.codes.disentanglement import Disentanglement
from zatlas.evidence.codes.stability import ElementStability, Stability
from zatlas.evidence.codes.usage import Usage
from zatlas.evidence.effects.flags import Flags
from zatlas.evidence.properties.drawn import DrawnProperty
from zatlas.evidence.properties.probes import Probe
from zatlas.evidence.schema_1 import upgraded_atlas, upgraded_plate
from zatlas.schema import (
    Matrix,
    Number,
    Numbers,
    OptionalNumber,
    OptionalNumbers,
    Record,
    VersionedRecord,
)


class PropertyEffect(Record):
    """The effect of one move on one property, over n images.

    ``mean`` with its 95 % BCa interval ``low`` to ``high`` is in ``unit``; ``mean_sd``, ``low_sd``
    and ``high_sd`` are in sd of the property over real images (None where that sd is 0). ``d_z`` is
    Cohen's d_z. ``agree`` is the fraction of images whose effect has the sign of the mean, with its
    Wilson interval. ``p`` is of the Wilcoxon signed-rank test, ``q`` after Benjamini-Hochberg.
    ``explained_sd`` is how much of a factor's effect cross-talk explains at most. ``drawn`` says
    whether the network draws the property (``properties/drawn.py``; None: not settled or not
    measured), ``named`` whether a sentence may name it (``account/naming.py``).
    """

    name: str
    unit: str
    up: str
    down: str
    kind: PropertyKind = "attribute"
    mean: Number
    low: OptionalNumber
    high: OptionalNumber
    mean_sd: OptionalNumber
    low_sd: OptionalNumber
    high_sd: OptionalNumber
    d_z: OptionalNumber
    agree: Number
    agree_low: Number
    agree_high: Number
    p: Number
    q: Number
    named: bool
    probe: Probe | None = None
    explained_sd: OptionalNumber = None
    drawn: bool | None = None


class MoveEffect(Record):
    """What one move of the code does to decoded pictures, over ``n`` images.

    Sizes are in grey levels (0 to 255): ``size`` is the mean absolute change of a pixel with its
    interval, ``peak`` that of the pixel that changes most, ``share`` the fraction of the sum over
    all moves measured together. ``effects`` holds every property by its name. ``curve`` (T, K) is
    the mean of each property at each of ``steps`` (T), ``lines`` (F, T, K) the same for single
    images. ``flags`` are those of the move, ``flags_backward`` those of the move to the other side,
    where that was measured too. The other fields are defined in ``effects/difference.py``.
    """

    n: int
    size: Number
    size_low: OptionalNumber
    size_high: OptionalNumber
    peak: Number
    share: Number
    agreement: OptionalNumber
    linearity: OptionalNumber
    locality: OptionalNumber
    centre: Numbers | None
    motion: OptionalNumber
    motion_n: int
    sweep_n: int
    steps: Numbers
    curve: Matrix
    lines: tuple[Matrix, ...]
    effects: dict[str, PropertyEffect]
    flags: Flags | None = None
    flags_backward: Flags | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_sentence(cls, data: Any) -> Any:
        """A stored sentence is dropped: it is computed."""
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if key != "sentence"}
        return data

    @computed_field  # type: ignore[prop-decorator]  # pydantic's documented form
    @property
    def sentence(self) -> str:
        """What the move does, in words and numbers."""
        from zatlas.evidence.account.sentences import sentence  # it reads this class

        return sentence(self)


class ElementEffect(MoveEffect):
    """The effect of one latent element, moved by one of its sd.

    ``name`` is the user's. ``sensitivity`` is the decoder's slope (grey levels per sd), ``match``
    the absolute correlation with its partner in the other runs (median), ``stability`` what that
    is worth. ``posterior_sd`` is the mean sd of a Gaussian code's element over images.
    ``conditional_sd`` is 1 sd of the element in its conditional sd, the sd that remains where all
    other elements are fixed. ``together`` is the effect of the same move where the other elements
    follow by linear regression on this one; it is measured of the strongest elements alone, where
    codes correlate. All are None where they were not measured.
    """

    element: int
    name: str | None = None
    sd: Number
    sensitivity: Number
    match: OptionalNumber = None
    stability: ElementStability | None = None
    posterior_sd: OptionalNumber = None
    conditional_sd: OptionalNumber = None
    together: MoveEffect | None = None


class RandomDirection(Record):
    """What a move of the same length in sd does in a random direction, beside an edit."""

    size: Number
    in_range: Number
    neighbour_after: OptionalNumber
    kept: OptionalNumber


class EditEffect(MoveEffect):
    """The effect of an edit as typed."""

    edit: str
    random: RandomDirection | None = None


class Interactions(Record):
    """How far pairs of the strongest elements act together (``effects/sensitivity.py``)."""

    elements: tuple[int, ...]
    table: Matrix


class FirstLayer(Record):
    """What the decoder's first layer amplifies most (SeFa, ``effects/axes.py``)."""

    gain: Numbers
    directions: Matrix
    element_gain: Numbers


class FactorProbes(Record):
    """The probes of a table of labels: judged on held-out images and on their reconstructions."""

    file: str
    judged: tuple[Probe, ...]
    in_reconstructions: dict[str, Probe]
    untrained: dict[str, str]
    disentanglement: Disentanglement | None


class OtherSeeds(Record):
    """The same images through runs of other seeds."""

    runs: tuple[str, ...]
    stability: Stability


class AtlasRecord(VersionedRecord):
    """``evidence/atlas.json``: every element of one run, the largest effect first.

    ``held_out`` says whether the images are those that the run held out. ``drawn`` says how well
    the network draws each property. Both are None where that is not known.
    """

    run: str
    images: str
    held_out: bool | None = None
    fingerprint: str | None = None
    seed: int
    rows: tuple[int, ...]
    n: int
    properties: tuple[Property, ...]
    usage: Usage
    interactions: Interactions
    first_layer: FirstLayer | None
    elements: tuple[ElementEffect, ...]
    factors: FactorProbes | None = None
    stability: OtherSeeds | None = None
    drawn: tuple[DrawnProperty, ...] | None = None

    @classmethod
    def upgraded(cls, data: Any) -> Any:
        """An atlas of schema 1."""
        return upgraded_atlas(data)

    def __len__(self) -> int:
        return len(self.elements)


class MovedElement(Record):
    """One element that an edit moved, a value for each image of the plate."""

    element: int
    before: OptionalNumbers
    after: OptionalNumbers
    sd: OptionalNumbers
    percentile_before: OptionalNumbers
    percentile_after: OptionalNumbers


class EditRecord(Record):
    """One edit of a plate: what was typed, what had to be assumed, what it moved."""

    edit: str
    assumptions: tuple[str, ...]
    elements: tuple[MovedElement, ...]
    measured: EditEffect | None = None


class PlateRecord(Record):
    """The edits of one plate; ``images`` is a file, ``index`` the rows of it that are drawn."""

    images: str
    fingerprint: str | None = None
    index: tuple[int, ...]
    command: str
    edits: tuple[EditRecord, ...]


class EditsRecord(VersionedRecord):
    """``evidence/edits.json``: the plates that ``zatlas edit`` has drawn of this run."""

    plates: tuple[PlateRecord, ...] = ()

    @classmethod
    def upgraded(cls, data: Any) -> Any:
        """The edits of schema 1: a list of plates."""
        return {"plates": [upgraded_plate(plate) for plate in data]}


ClaimWord = Literal["supported", "refuted", "inconclusive", "cannot be judged"]


class ClaimAnswer(Record):
    """A claim beside its measurement.

    ``word`` is the verdict and ``reason`` its reason, with the numbers. ``stands_for`` says how the
    words of the claim were read, ``meant`` are the properties that it was read to speak of; both
    are empty where it could not be read. ``sentence`` is what was measured of the element.
    """

    claim: str
    word: ClaimWord
    reason: str
    stands_for: str
    meant: tuple[str, ...]
    sentence: str

    @property
    def verdict(self) -> str:
        """The word with its reason: "refuted: no effect that differs from 0: …"."""
        return f"{self.word}: {self.reason}"
