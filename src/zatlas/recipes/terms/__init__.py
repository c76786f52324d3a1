"""The terms of objectives: a class in one of these files, and a line here."""

from collections.abc import Mapping

from zatlas.recipes.parts import Term
from zatlas.recipes.terms.divergence import KLDivergence
from zatlas.recipes.terms.reconstruction import (
    BinaryCrossEntropy,
    MeanAbsoluteError,
    MeanSquaredError,
    SumOfSquaredErrors,
)
from zatlas.recipes.terms.similarity import StructuralDissimilarity

_RECONSTRUCTIONS = (
    MeanSquaredError, SumOfSquaredErrors, MeanAbsoluteError, BinaryCrossEntropy,
    StructuralDissimilarity,
)  # fmt: skip
_PENALTIES = (KLDivergence,)
RECONSTRUCTION_TERMS: Mapping[str, type[Term]] = {term.name: term for term in _RECONSTRUCTIONS}
PENALTIES: Mapping[str, type[Term]] = {term.name: term for term in _PENALTIES}
TERMS: Mapping[str, type[Term]] = {**RECONSTRUCTION_TERMS, **PENALTIES}
