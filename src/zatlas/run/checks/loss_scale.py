"""Whether a KL divergence weighs so much that the reconstruction cannot pay for a code."""

from zatlas.models.model_file import ModelFile
from zatlas.recipes.loss_scale import loss_scale
from zatlas.schema import Number, Record


class ScaleCheck(Record):
    """The weight of the KL divergence beside the squared errors of the pixels.

    ``beta`` is the factor of the KL divergence where the squared errors are minus the log
    likelihood of a normal distribution with sd 1, in nats; ``normalised`` is beta D / P (Higgins et
    al. 2017). ``gain`` is what a perfect reconstruction gains over the mean picture, in nats an
    image. ``summed`` is the number of images whose KL divergences are summed beside a mean over all
    pixels; None where the loss is another one.
    """

    beta: Number
    normalised: Number
    gain: Number
    summed: Number | None

    @property
    def sentence(self) -> str:
        """What to try where one nat of code costs more than all pixels can gain, else empty."""
        if self.beta < self.gain:
            return ""
        cause = (
            ""
            if self.summed is None
            else " This is the loss of a mean over all pixels beside a KL divergence summed over "
            f"the elements of {self.summed:,.0f} image{'s' * (self.summed != 1)}, as in some "
            "courses."
        )
        return (
            f"The KL divergence drowns the reconstruction: its β is {self.beta:,.0f} (normalised "
            f"{self.normalised:,.2f}, Higgins et al. 2017), so one nat of code costs more than the "
            f"{self.gain:,.0f} nats that a perfect reconstruction gains over the mean picture."
            f"{cause} Try the loss sse() + kl(weight=1), where β is 0.5."
        )


def check_scale(model: ModelFile, latent: int, mean_picture_mse: float) -> ScaleCheck | None:
    """Check an objective of squared errors and a KL divergence; None for another objective.

    ``mean_picture_mse`` is the MSE of the mean training picture, pixels in [-1, 1].
    """
    channels, height, width = model.image
    values, objective = channels * height * width, model.objective
    scale = loss_scale(objective, values, latent)
    name, weight = objective.reconstruction.name, objective.reconstruction.weight
    if scale is None or name not in ("mse", "sse"):
        return None
    low, high = model.range
    gain = 0.5 * values * mean_picture_mse * ((high - low) / 2) ** 2
    summed = scale.beta * 2 / values if name == "mse" and weight == 1 else None
    return ScaleCheck(beta=scale.beta, normalised=scale.normalised, gain=gain, summed=summed)
