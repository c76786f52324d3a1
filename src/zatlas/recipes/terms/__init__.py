"""The terms of objectives: a class in one of these files, and a line here."""

from collections.abc import Mapping

from zatlas.recipes.parts import Term
from zatlas.recipes.terms import adversarial, jacobians, norms, tripod
from zatlas.recipes.terms.divergence import KLDivergence
from zatlas.recipes.terms.introspection import Introspection
from zatlas.recipes.terms.mixture_prior import VampPrior
from zatlas.recipes.terms.reconstruction import (
    BinaryCrossEntropy,
    MeanAbsoluteError,
    MeanSquaredError,
    SumOfSquaredErrors,
)
from zatlas.recipes.terms.similarity import StructuralDissimilarity
from zatlas.recipes.terms.volume import LeastVolume

_RECONSTRUCTIONS = (
    MeanSquaredError, SumOfSquaredErrors, MeanAbsoluteError, BinaryCrossEntropy,
    StructuralDissimilarity, adversarial.FeatureError,
)  # fmt: skip
_PENALTIES = (
    KLDivergence, VampPrior,
    norms.CodeL1, norms.CodeL2, norms.DecoderL2, norms.KLSparsity,
    jacobians.Contraction, jacobians.DecoderGradient,
    LeastVolume, tripod.Hessian, tripod.MultiInformation,
    adversarial.DensityRatio, adversarial.CodeAdversarial, adversarial.PictureAdversarial,
    Introspection,
)  # fmt: skip
RECONSTRUCTION_TERMS: Mapping[str, type[Term]] = {term.name: term for term in _RECONSTRUCTIONS}
PENALTIES: Mapping[str, type[Term]] = {term.name: term for term in _PENALTIES}
TERMS: Mapping[str, type[Term]] = {**RECONSTRUCTION_TERMS, **PENALTIES}
