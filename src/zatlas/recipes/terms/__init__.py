"""The terms of objectives: a class in one of these files, and a line here."""

from collections.abc import Mapping

from zatlas.recipes.parts import Term
from zatlas.recipes.terms.divergence import ControlledKL, KLDivergence, SampledKL
from zatlas.recipes.terms.moments import DIP, MaximumMeanDiscrepancy, SlicedWasserstein
from zatlas.recipes.terms.reconstruction import (
    BinaryCrossEntropy,
    GaussianLikelihood,
    LogCosh,
    MaskedSquaredError,
    MeanAbsoluteError,
    MeanSquaredError,
    SumOfSquaredErrors,
)
from zatlas.recipes.terms.similarity import StructuralDissimilarity
from zatlas.recipes.terms.total_correlation import (
    ElementwiseKL,
    MutualInformation,
    TotalCorrelation,
)

_RECONSTRUCTIONS = (
    MeanSquaredError, SumOfSquaredErrors, MeanAbsoluteError, BinaryCrossEntropy,
    StructuralDissimilarity, GaussianLikelihood, LogCosh, MaskedSquaredError,
)  # fmt: skip
_PENALTIES = (
    KLDivergence, SampledKL, ControlledKL,
    MutualInformation, TotalCorrelation, ElementwiseKL,
    DIP, MaximumMeanDiscrepancy, SlicedWasserstein,
)  # fmt: skip
RECONSTRUCTION_TERMS: Mapping[str, type[Term]] = {term.name: term for term in _RECONSTRUCTIONS}
PENALTIES: Mapping[str, type[Term]] = {term.name: term for term in _PENALTIES}
TERMS: Mapping[str, type[Term]] = {**RECONSTRUCTION_TERMS, **PENALTIES}
