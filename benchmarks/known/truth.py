"""What is true of a decoder's elements, and the case that is put to whoever measures it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zatlas.evidence.properties.property_set import Labelled

Array = NDArray[Any]

CLEARLY_UP_OR_DOWN = 0.2  # sd


@dataclass(frozen=True)
class Effects:
    """True effects of D elements on K properties over a whole population, in natural units.

    Of an image, D+ and D- are the changes of a property by one sd of the element up and down.
    ``odd`` (D, K) is the mean of e = (D+ - D-) / 2, ``even`` that of (D+ + D-) / 2, ``rms`` the
    root of the mean of e squared, ``spread`` the sd of e, ``even_spread`` that of the even part.
    ``forward`` and ``backward`` are the root mean squares of D+ and D-. ``minority`` is the
    fraction of images in which D+ is at least 0.2 sd, of the rarer sign.
    """

    odd: Array
    even: Array
    rms: Array
    spread: Array
    even_spread: Array
    forward: Array
    backward: Array
    minority: Array


def effects(centre_PK: Array, up_PDK: Array, down_PDK: Array, scale_K: Array) -> Effects:
    """The effects from the values of the properties before and after each element's move.

    ``scale_K`` is an sd of each property.
    """
    forward, backward = up_PDK - centre_PK[:, None], down_PDK - centre_PK[:, None]
    odd, even = (forward - backward) / 2, (forward + backward) / 2
    clear = CLEARLY_UP_OR_DOWN * np.where(scale_K > 0, scale_K, np.inf)
    return Effects(
        odd=odd.mean(0), even=even.mean(0), rms=_rms(odd), spread=odd.std(0),
        even_spread=even.std(0), forward=_rms(forward), backward=_rms(backward),
        minority=np.minimum((forward >= clear).mean(0), (forward <= -clear).mean(0)),
    )  # fmt: skip


def _rms(values_PDK: Array) -> Array:
    return np.asarray(np.sqrt(np.square(values_PDK).mean(0)))


@dataclass(frozen=True)
class Properties:
    """K properties of one kind, "attribute" or "factor".

    ``scale`` (K,) is the sd of each over the population's images, ``drawn`` (K,) how much of it the
    decoder draws: of an attribute the correlation of images and reconstructions, of a factor the
    share of the change by 1 sd that is seen in reconstructions.
    """

    kind: str
    names: Sequence[str]
    scale: Array
    drawn: Array


@dataclass(frozen=True)
class Case:
    """What is given to the judged: callables, codes (N, D), sd (D,), images (N, H, W, C) and the
    labelled images. What is kept from it: ``kinds`` (D), what each element is, and the ``truth``.

    An element of sd 0 is not judged.
    """

    decode: Callable[[Array], Array]
    encode: Callable[[Array], Array]
    codes: Array
    sd: Array
    images: Array
    labelled: Labelled
    kinds: Sequence[str]
    truth: Sequence[tuple[Properties, Effects]]
