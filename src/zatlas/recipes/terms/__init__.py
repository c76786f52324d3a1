"""The terms of objectives: a class in one of these files, and its name here."""

from collections.abc import Mapping

from zatlas.recipes.parts import Term
from zatlas.recipes.terms import (
    adversarial,
    divergence,
    introspection,
    jacobians,
    mixture_prior,
    moments,
    norms,
    quantisation,
    reconstruction,
    similarity,
    total_correlation,
    tripod,
    volume,
)

_RECONSTRUCTIONS = (
    reconstruction.MeanSquaredError, reconstruction.SumOfSquaredErrors,
    reconstruction.MeanAbsoluteError, reconstruction.BinaryCrossEntropy,
    reconstruction.GaussianLikelihood, reconstruction.LogCosh,
    reconstruction.MaskedSquaredError, similarity.StructuralDissimilarity,
    adversarial.FeatureError,
)  # fmt: skip
_PENALTIES = (
    divergence.KLDivergence, divergence.SampledKL, divergence.ControlledKL,
    mixture_prior.VampPrior,
    total_correlation.MutualInformation, total_correlation.TotalCorrelation,
    total_correlation.ElementwiseKL,
    moments.DIP, moments.MaximumMeanDiscrepancy, moments.SlicedWasserstein,
    norms.CodeL1, norms.CodeL2, norms.DecoderL2, norms.KLSparsity,
    jacobians.Contraction, jacobians.DecoderGradient,
    volume.LeastVolume, tripod.Hessian, tripod.MultiInformation,
    adversarial.DensityRatio, adversarial.CodeAdversarial, adversarial.PictureAdversarial,
    introspection.Introspection,
    quantisation.Commitment, quantisation.CodebookLoss, quantisation.Entropy,
    quantisation.CategoricalKL,
)  # fmt: skip
RECONSTRUCTION_TERMS: Mapping[str, type[Term]] = {term.name: term for term in _RECONSTRUCTIONS}
PENALTIES: Mapping[str, type[Term]] = {term.name: term for term in _PENALTIES}
TERMS: Mapping[str, type[Term]] = {**RECONSTRUCTION_TERMS, **PENALTIES}
