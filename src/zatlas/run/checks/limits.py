"""The thresholds of the checks of a training, each with its reason."""

LEAST_LEARNED_FRACTION = 0.05
"""Of the mean picture's MSE that a network must remove. Chance removes less."""
DIVERGED_RATIO = 1.1
"""Of the loss in the last epoch to that in the first. Noise alone changes a loss by less."""
WORSE_RATIO = 1.5
"""Of the network's MSE to the mean picture's. Where it is above, the learning rate is too large."""
FEW_STEPS_AN_EPOCH = 20
"""Steps of an epoch, below which smaller batches are the first thing to try."""
IMPROVING_FRACTION = 0.01
"""Of the held-out loss, in the last tenth of the epochs. Pictures do not show less."""
RISING_FRACTION = 0.02
"""Of the lowest held-out loss. A smaller rise is within the noise of one epoch."""
FEWEST_EPOCHS_OF_A_RISE = 3
"""After the lowest held-out loss, of a network that overfits. Two noisy epochs are no trend."""
UNUSED_KL_NATS = 0.01
"""Mean KL divergence of an element. Below it, the element tells next to nothing of an image."""
UNUSED_SD_FRACTION = 1e-4
"""Of the largest sd of an element, for a code without noise. Rounding alone is far below."""
UNUSED_FRACTION = 0.1
"""Of the elements. A few unused elements are usual with a KL divergence, and do no harm."""
PRIOR_NATS_AN_ELEMENT = 0.1
"""KL divergence of the codes from the prior: 0.1 is that of an sd of 1.33 in place of 1."""
WORSE_THAN_PCA_RATIO = 1.25
"""Of the network's MSE to that of PCA. The noise of a Gaussian code alone costs less."""
LARGER_CODE_RATIO = 0.8
"""Of the MSE of PCA with twice the components to PCA's: a fifth less is seen in pictures."""
