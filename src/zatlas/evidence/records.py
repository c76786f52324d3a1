"""The typed results of measuring: one class each, from where it is measured to where it is shown.

Smaller results stand beside the code that measures them, as ``Flags`` in ``effects/flags.py`` and
``Usage`` in ``codes/usage.py``. ``sentence`` and ``summary``
are computed from the other fields.
"""

from typing import Any, Literal

from pydantic import Field, computed_field, model_validator

from zatlas.evidence.arrays import Property as Property  # others import it from here
from zatlas.evidence.arrays import PropertyKind
from zatlas.evidence.codes.disentanglement import Disentanglement
from zatlas.evidence.codes.stability import ElementStability, Stability
from zatlas.evidence.codes.usage import Usage
from zatlas.evidence.effects.flags import Flags
from zatlas.evidence.effects.motion import Motion
from zatlas.evidence.properties.drawn import DrawnProperty
from zatlas.evidence.properties.probes import Probe
from zatlas.evidence.statistics.paired_effects import EffectKind
from zatlas.evidence.target_records import TargetEffects, TargetRecord
from zatlas.evidence.upgrades import upgraded_atlas, upgraded_plates
from zatlas.schema import (
    Matrix,
    Number,
    Numbers,
    OptionalNumber,
    OptionalNumbers,
    Record,
    VersionedRecord,
)


class Estimate(Record):
    """A number over images with its 95 % bootstrap-t interval, in its unit and in sd.

    ``value_sd``, ``low_sd`` and ``high_sd`` are in sd of the property over real images, and the
    interval holds the uncertainty of that sd too. They are None where the sd is 0; the ends are
    None for a single image.
    """

    value: Number
    low: OptionalNumber
    high: OptionalNumber
    value_sd: OptionalNumber
    low_sd: OptionalNumber
    high_sd: OptionalNumber


class PropertyEffect(Record):
    """The effect of one move on one property, over n images.

    With D+ the change by the step +1 and D- that by -1: ``forward`` is the mean of D+, ``backward``
    of D-, ``even`` of (D+ + D-) / 2; ``rms`` is the root mean square of D+ and D- over images.
    ``mean``, ``low``, ``high`` in ``unit``, and ``mean_sd``, ``low_sd``, ``high_sd`` in sd, are an
    estimate of the odd part (D+ - D-) / 2. An edit is a single step: its mean is ``forward``, and
    ``backward``, ``even`` and ``p_even`` are None.

    ``finding`` is what may be said of the effect (``statistics/paired_effects.py``), ``named``
    whether a sentence may name it (``account/naming.py``). ``rises`` and ``falls`` are the
    fractions of images in which the step +1 raises and lowers the property; ``agree`` is the
    fraction whose odd part has the sign of the mean, with its Wilson interval. ``d_z`` is Cohen's
    d_z. ``p`` (of the odd part) and ``p_even`` are of the Wilcoxon signed-rank test, ``q`` is ``p``
    after Benjamini-Hochberg over the table.
    ``explained_sd`` is how much of a factor's effect cross-talk explains at most. ``drawn`` says
    whether the network draws the property (``properties/drawn.py``; None: not settled or not
    measured). Properties that overlap share a ``family``.

    Records of schema 1 and 2 have neither ``forward`` nor ``rms``, ``rises`` and ``falls`` (None).
    """

    name: str
    unit: str
    up: str
    down: str
    kind: PropertyKind = "attribute"
    family: str = ""
    finding: EffectKind
    mean: Number
    low: OptionalNumber
    high: OptionalNumber
    mean_sd: OptionalNumber
    low_sd: OptionalNumber
    high_sd: OptionalNumber
    forward: Estimate | None = None
    backward: Estimate | None = None
    even: Estimate | None = None
    rms: Estimate | None = None
    rises: OptionalNumber = None
    falls: OptionalNumber = None
    d_z: OptionalNumber
    agree: Number
    agree_low: Number
    agree_high: Number
    p: Number
    q: Number
    p_even: OptionalNumber = None
    named: bool
    probe: Probe | None = None
    explained_sd: OptionalNumber = None
    drawn: bool | None = None

    @property
    def mean_part(self) -> Estimate:
        """``mean`` with its interval, as an estimate."""
        return Estimate(
            value=self.mean, low=self.low, high=self.high,
            value_sd=self.mean_sd, low_sd=self.low_sd, high_sd=self.high_sd,
        )  # fmt: skip


class MainEffect(Record):
    """The property that a move changes most, beside the next one of another family.

    The size of an effect is the larger mean change, in sd, of the two steps. ``kind`` is that of
    the property ``first``: factors are compared with each other, attributes and causes with each
    other. ``second`` is None where there is no other family. ``ratio`` of the two sizes with its
    95 % interval ``low`` to ``high`` is None where the second size is 0. ``mainly``: whether a
    sentence says that the move mainly changes ``first``.
    """

    kind: PropertyKind
    first: str
    second: str | None
    ratio: OptionalNumber
    low: OptionalNumber
    high: OptionalNumber
    mainly: bool


class MoveEffect(Record):
    """What one move of the code does to decoded pictures, over ``n`` images.

    Sizes are in grey levels (0 to 255): ``size`` is the mean absolute change of a pixel with its
    interval, ``peak`` that of the pixel that changes most, ``share`` the fraction of the sum over
    all moves measured together. ``effects`` holds every property by its name, ``main`` the largest
    effect of the attributes and causes, and that of the factors. ``curve`` (T, K) is the mean of
    each property at each of ``steps`` (T), ``lines`` (F, T, K) the same for single images.
    ``flags`` are those of the move, ``flags_backward`` those of the move to the other side, where
    that was measured too. The other fields are defined in ``effects/difference.py``.
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
    motion: Motion | None
    sweep_n: int
    steps: Numbers
    curve: Matrix
    lines: tuple[Matrix, ...]
    effects: dict[str, PropertyEffect]
    main: tuple[MainEffect, ...] = ()
    flags: Flags | None = None
    flags_backward: Flags | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_sentence(cls, data: Any) -> Any:
        """A stored sentence and summary are dropped: they are computed."""
        if isinstance(data, dict):
            return {k: value for k, value in data.items() if k not in ("sentence", "summary")}
        return data

    @computed_field  # type: ignore[prop-decorator]  # pydantic's documented form
    @property
    def sentence(self) -> str:
        """What the move does, in words and numbers."""
        from zatlas.evidence.account.sentences import sentence  # it reads this class

        return sentence(self)

    @computed_field  # type: ignore[prop-decorator]  # pydantic's documented form
    @property
    def summary(self) -> str:
        """The same in one short line, without intervals."""
        from zatlas.evidence.account.sentences import summary  # it reads this class

        return summary(self)


class ElementEffect(MoveEffect):
    """The effect of one latent element, moved by one of its sd.

    ``name`` is the user's. ``sensitivity`` is the decoder's slope (grey levels per sd), ``match``
    the absolute correlation with its partner in the other runs (median), ``stability`` what that
    is worth. ``posterior_sd`` is the mean sd of a Gaussian code's element over images.
    ``conditional_sd`` is 1 sd of the element in its conditional sd, the sd that remains where all
    other elements are fixed. ``together`` is the effect of the same move where the other elements
    follow by linear regression on this one; it is measured of the strongest elements alone, where
    codes correlate. ``grid_steps`` is 1 sd in steps of the grid of a quantised element. All are
    None where they were not measured.
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
    grid_steps: OptionalNumber = None


class RandomDirection(Record):
    """What a move of the same length in sd does in a random direction, beside an edit."""

    size: Number
    in_range: Number
    neighbour_after: OptionalNumber
    kept: OptionalNumber


class EditEffect(MoveEffect):
    """The effect of an edit as typed. ``target`` says how far an edit with a target comes."""

    edit: str
    random: RandomDirection | None = None
    target: TargetEffects | None = None

    @computed_field  # type: ignore[prop-decorator]  # pydantic's documented form
    @property
    def sentence(self) -> str:
        """What the edit does, in words and numbers; first what became of its target."""
        told = super().sentence
        return told if self.target is None else f"{self.target.sentence} {told}"


class Interactions(Record):
    """How far pairs of the strongest elements act together (``effects/sensitivity.py``)."""

    elements: tuple[int, ...]
    table: Matrix


class FirstLayer(Record):
    """What the decoder's first layer amplifies most (SeFa, ``latents/directions/bases.py``)."""

    gain: Numbers
    directions: Matrix
    element_gain: Numbers


class FactorProbes(Record):
    """The probes of a table of labels: ``judged`` on held-out images, and on what is drawn of them.

    A probe is used, and its factor may be named, only where it passes ``in_reconstructions``.
    """

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
    the network draws each property, ``weights`` which weights were measured
    (``run/weights.py``). They are None where that is not known.
    """

    run: str
    images: str
    held_out: bool | None = None
    fingerprint: str | None = None
    weights: str | None = None
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
    def upgraded(cls, data: Any, schema: int) -> Any:
        """An atlas of schema 1 or 2."""
        return upgraded_atlas(data, schema)

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
    """One edit of a plate: what was typed, what had to be assumed, what it moved.

    ``target`` says how far an edit with a target came; it is None for others.
    """

    edit: str
    assumptions: tuple[str, ...]
    elements: tuple[MovedElement, ...]
    measured: EditEffect | None = None
    target: TargetRecord | None = None


class PlateRecord(Record):
    """The edits of one plate; ``images`` is a file, ``index`` the rows of it that are drawn.

    ``fingerprint`` is that of the images, ``weights`` that of the weights, ``note`` the user's own
    words about it. ``project``: the nearest codes were drawn that the bottleneck can give.
    """

    images: str
    fingerprint: str | None = None
    weights: str | None = None
    index: tuple[int, ...] = Field(min_length=1)
    command: str
    out: str = ""  # the file of the picture, as it was given
    edits: tuple[EditRecord, ...] = Field(min_length=1)
    note: str = ""
    project: bool = False


class EditsRecord(VersionedRecord):
    """``evidence/edits.json``: the plates that ``zatlas edit`` has drawn of this run."""

    plates: tuple[PlateRecord, ...] = ()

    @classmethod
    def upgraded(cls, data: Any, schema: int) -> Any:
        """The edits of schema 1 or 2."""
        return {"plates": upgraded_plates(data, schema)}


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
