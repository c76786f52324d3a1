"""How properties of decoded pictures change where codes do."""

import numpy as np

from zatlas.evidence.arrays import Array, Decode
from zatlas.evidence.effects.difference import measure_centre
from zatlas.evidence.properties.property_set import PropertySet
from zatlas.latents.directions.pictures import Changes, slopes

SLOPE_IMAGES = 512  # over which the slopes of properties are averaged


def property_changes(decode: Decode, properties: PropertySet, codes_ND: Array) -> Changes:
    """How each property changes where the codes of images, by their rows, become others."""
    centre = measure_centre(decode, properties.measure, codes_ND, properties.compare)

    def changes(rows: Array, moved: Array) -> Array:
        pictures = decode(moved.astype(np.float32))
        values = properties.measure(pictures)
        if properties.compare is not None:
            compared = properties.compare(centre.pictures[rows]).measure(pictures)
            values = np.concatenate([compared, values], axis=1)
        return np.asarray(values - centre.values[rows])

    return changes


def mean_slopes(
    decode: Decode, properties: PropertySet, codes_ND: Array, covariance_DD: Array, seed: int
) -> Array:
    """The mean slopes (D, K) of the properties of decoded pictures, in units of both.

    They are averaged over 512 of the codes at most.
    """
    some = codes_ND[:: max(1, len(codes_ND) // SLOPE_IMAGES)][:SLOPE_IMAGES]
    return slopes(property_changes(decode, properties, some), some, covariance_DD, seed=seed)
