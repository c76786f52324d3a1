"""Solve edits with a target, such as ``luminance = +10``, for the codes of a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError, argument_error, nearest
from zatlas.evidence.arrays import Array, Decode, Property
from zatlas.evidence.directions.measure import covariance_of
from zatlas.evidence.edit_targets import least_of, target_record
from zatlas.evidence.properties import attributes, causes
from zatlas.evidence.properties.factors import Factor
from zatlas.evidence.properties.property_set import (
    Labelled,
    PropertySet,
    add_factors,
    pixel_properties,
)
from zatlas.evidence.slopes import mean_slopes, property_changes
from zatlas.evidence.target_records import TargetRecord
from zatlas.latents.targeted import solve
from zatlas.run.run import Codes, Run
from zatlas.syntax import Source, Target, is_target, parse_target
from zatlas.workflows.atlas import subject_of


@dataclass(frozen=True)
class TargetStudy:
    """What the targets of a command are solved with.

    ``slopes`` (D, K) are the mean slopes of K properties over codes of the run's images; ``held``
    are the places of held properties by name. ``factors`` is the table of labels.
    """

    run: Run
    targets: Mapping[str, Target]
    properties: PropertySet
    slopes: Array
    covariance: Array
    decode: Decode
    held: Mapping[str, int]
    names: Mapping[str, str]
    factors: str
    project: bool
    seed: int

    def solve(self, text: str, codes: Codes) -> tuple[Codes, TargetRecord]:
        """The edited codes (B, D), and how far they come."""
        target, properties = self.targets[text], self.properties
        names = [column.name for column in properties.columns]
        at = names.index(self.names[target.name])
        changes, rows = property_changes(self.decode, properties, codes), np.arange(len(codes))
        asked = np.full(len(codes), _amount(target, properties, at))
        if target.form == "to":
            asked -= properties.measure(self.decode(codes))[:, at]

        def of_decoded(rows: Array, moved: Array) -> Array:
            return changes(rows, self._possible(moved))

        edits = solve(
            of_decoded, codes, asked, self.slopes, self.covariance,
            target=at, held=[*self.held.values()], least=least_of(properties, at),
            seed=self.seed,
        )  # fmt: skip
        edited = self._possible(codes + edits)
        live = np.asarray(self.run.statistics.sd) > 0
        record = target_record(
            properties, changes(rows, edited), np.where(live, edited - codes, 0.0), asked,
            self.covariance, target=at, held=self.held,
            to=target.amount.value if target.form == "to" else None,
            factors=self.factors if properties.columns[at].kind == "factor" else "",
        )  # fmt: skip
        return edited, record

    def _possible(self, codes: Array) -> Codes:
        """The codes, or the nearest ones that the bottleneck can give where these are decoded."""
        given = np.asarray(codes, np.float32)
        return self.run.project(given) if self.project else given


def target_study(
    run: Run,
    texts: Sequence[str],
    images: NDArray[np.uint8],
    *,
    hold: Sequence[str] = (),
    labelled: Labelled | None = None,
    factors: str = "",
    project: bool = False,
    seed: int = 0,
) -> TargetStudy | None:
    """Prepare the targets among edits; None where there is none.

    Parameters
    ----------
    run : the trained model.
    texts : the edits as typed.
    images : (N, H, W, C), over which the sd of each property is taken.
    hold : properties or factors that stay the same.
    labelled : the images that probes learn from, with their ``factors``, a table.
    project : take the nearest codes that the bottleneck can give.
    seed : of the slopes and the probes.

    Raises
    ------
    InputError
        A target cannot be read, or a name is not known.
    """
    targets = {text: parse_target(text) for text in texts if is_target(text)}
    if not targets:
        if hold:
            hint = "goes with an edit that asks for a property, as luminance = +10"
            raise argument_error("hold", ",".join(hold), hint)
        return None
    known = _known(images.shape[-1], labelled.factors if labelled else ())
    for text, target in targets.items():
        _check_target(text, target, known, labelled is not None)
    for name in hold:
        if name not in known:
            raise argument_error("hold", name, f"is no property; {nearest(name, known)}")
        if any(known[target.name].name == known[name].name for target in targets.values()):
            raise argument_error("hold", name, "is what an edit changes; hold others")
    asked = [known[name] for name in (*(one.name for one in targets.values()), *hold)]
    compare = any(column.kind == "cause" for column in asked)
    subject, properties = (
        subject_of(run, images[[0, -1]]),
        pixel_properties(images, compare=compare),
    )
    if labelled and any(column.kind == "factor" for column in asked):
        properties, _ = add_factors(properties, labelled, subject.encode, subject.decode, seed)
    names = [column.name for column in properties.columns]
    for column in asked:
        if column.name not in names:
            read = ", ".join(properties.probes) or "none"
            fault = f"factors={factors}: no probe reads {column.name!r} in what the network draws"
            raise InputError(f"{fault}; it reads: {read}", arguments=("factors",))
    covariance = covariance_of(subject)
    slopes = mean_slopes(subject.decode, properties, run.statistics.codes, covariance, seed)
    return TargetStudy(
        run, targets, properties, slopes, covariance, subject.decode,
        {known[name].name: names.index(known[name].name) for name in hold},
        {name: column.name for name, column in known.items()}, factors, project, seed,
    )  # fmt: skip


def halves(labelled: Labelled, seed: int) -> tuple[Labelled, Labelled]:
    """Two sets of labelled images for two probes of a factor; both are judged on the same ones.

    One solves a target and the other one measures the edit: a probe reads what was made for it.
    """
    held_out = np.flatnonzero(labelled.held_out)
    learn = np.random.default_rng(seed).permutation(np.flatnonzero(~labelled.held_out))
    first, second = np.array_split(learn, 2)
    return _part(labelled, first, held_out), _part(labelled, second, held_out)


def _part(labelled: Labelled, learn: Array, held_out: Array) -> Labelled:
    rows = np.concatenate([learn, held_out])
    factors = [factor.rows(rows) for factor in labelled.factors]
    return Labelled(labelled.images[rows], factors, np.arange(len(rows)) >= len(learn))


def _known(channels: int, factors: Sequence[Factor]) -> dict[str, Property]:
    """Every property by its name; a factor by its own name too, and each level of several."""
    columns = [*causes.columns(channels), *attributes.columns(channels)]
    known = {column.name: column for column in columns}
    for factor in factors:
        if factor.kind == "categorical":
            names = {name: name for name in (f"{factor.name} = {one}" for one in factor.levels)}
        else:
            names = {factor.name: factor.label, factor.label: factor.label}
        for name, label in names.items():
            known[name] = Property(name=label, unit="", up="", down="", kind="factor")
    return known


def _check_target(text: str, target: Target, known: Mapping[str, Property], labelled: bool) -> None:
    """Raise InputError where nothing has the name of the target, or it has no such value."""
    if target.name not in known:
        hint = nearest(target.name, known)
        more = "" if labelled else "; a factor needs factors=FILE.csv"
        raise InputError(
            f"edit {text!r}: {target.name!r} is no property of the pictures; {hint}{more}",
            arguments=("factors",),
        )
    if target.form == "to" and known[target.name].kind == "cause":
        behind = text.rpartition("=")[2]
        place = len(text) - len(behind.lstrip()) + 1
        form = f"{target.name} = +{target.amount.value:g}"
        fault = f"{target.name} is a change between two pictures; write {form}"
        raise Source("edit", text).fault(place, fault)


def _amount(target: Target, properties: PropertySet, at: int) -> float:
    """The amount of a target in units of the property."""
    if target.amount.unit == "number":
        return target.amount.value
    sd = float(properties.real_sd[at])
    if sd == 0:
        fault = f"{target.name} is the same in every image: it has no sd"
        raise InputError(f"edit {target.text!r}: {fault}; write a number")
    return target.amount.value * sd
