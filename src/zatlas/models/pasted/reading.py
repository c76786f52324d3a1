"""Pasted code becomes the plain data of a model file; nothing is run."""

import re
import textwrap
from collections.abc import Collection
from typing import Any, NamedTuple

from zatlas.errors import InputError
from zatlas.models.architecture import check
from zatlas.models.layers import MOVING, bounds
from zatlas.models.pasted.network import Network, first_with_size, images_for
from zatlas.models.pasted.notebook import notebook_code
from zatlas.models.pasted.printout import from_printout
from zatlas.models.pasted.source import from_source
from zatlas.recipes.bottlenecks.gaussian import Gaussian, Plain
from zatlas.syntax import Source

MAX_CHARACTERS = 200_000  # characters of a pasted file
HINT = "paste a class with an encoder and a decoder, or what print(model) shows"
_PROGRAM = re.compile(
    r"^[ \t]*(class|import|from|def)[ \t]+\w|^[ \t]*\w+ *= *[\w.]*\bSequential *\(", re.MULTILINE
)
NONNEGATIVE = ("ReLU", "ReLU6", "Softplus")


class Pasted(NamedTuple):
    """What pasted code says: the plain data of a model file, and what had to be assumed."""

    model: dict[str, Any]
    assumptions: tuple[str, ...]


def read_pasted(text: str, name: str, known: Collection[str]) -> Pasted:
    """Read class source, a notebook or a printout, without running it.

    Parameters
    ----------
    text : the file.
    name : what opens the errors; a name that ends in ``.ipynb`` is a Jupyter notebook.
    known : the layers allowed.

    Raises
    ------
    InputError
        The line, and why the network cannot be read.
    """
    places: tuple[str, ...] = ()
    if name.endswith(".ipynb"):
        text, places = notebook_code(text, name)
    if len(text) > MAX_CHARACTERS:
        raise InputError(f"{name}: longer than {MAX_CHARACTERS} characters; {HINT}")
    if places or _PROGRAM.search(text):
        source = Source(name, textwrap.dedent(text), is_file=True, places=places)
        try:
            network = from_source(source, known, MAX_CHARACTERS, HINT)
        except RecursionError:
            raise source.fault(1, "the program is nested too deeply to be read") from None
    else:
        network = from_printout(text, name, known, HINT)
        _choose_image(network)
    return Pasted(_model(network), (*network.notes, *_last_notes(network)))


def _model(network: Network) -> dict[str, Any]:
    """The plain data of a model file."""
    assert network.image is not None
    model: dict[str, Any] = {"title": f"{network.title}, pasted", "image": list(network.image)}
    if (low_high := _range(network)) != (-1.0, 1.0):
        model["range"] = list(low_high)
    model["bottleneck"] = "gaussian" if network.gaussian else "plain"
    lists = [list(map(str, calls)) for calls in network.encoders.values()]
    model |= {"encoder": lists[0]} if len(lists) == 1 else {"encoders": lists}
    model["decoder"] = list(map(str, network.decoder))
    if network.gaussian:
        model["objective"] = ["sse()", "kl()"]
    return model


def _range(network: Network) -> tuple[float, float]:
    """The range of the pixels: what the last layer gives."""
    last = next((call for call in reversed(network.decoder) if call.name not in MOVING), None)
    if last is not None and last.name in NONNEGATIVE:
        return (0.0, 1.0)
    return bounds(network.decoder) or (-1.0, 1.0)


def _last_notes(network: Network) -> list[str]:
    """What is assumed of the range, of a VAE, and that nothing was run."""
    notes = []
    if (low_high := _range(network)) != (-1.0, 1.0):
        last = next(call for call in reversed(network.decoder) if call.name not in MOVING)
        low, high = low_high
        notes.append(f"pixels are in [{low:g}, {high:g}] (the decoder ends in {last})")
    if network.gaussian:
        loss = "the loss is sse() + kl(); the loss that was pasted is not read"
        notes.append(f"the second head gives the logarithm of the standard deviation, and {loss}")
    between = "nothing stands between" if not network.gaussian else "a code is drawn between them"
    notes.append(f"no code was run: the decoder takes what the encoder gives, and {between}")
    return notes


def _choose_image(network: Network) -> None:
    """The first size of image that a printed network gives back."""
    encoders, decoder = [*network.encoders.values()], network.decoder
    images = images_for(first_with_size(iter(encoders[0])))
    chosen = images[0]
    bottleneck = Gaussian() if network.gaussian else Plain()
    for image, reason in images if len(images) > 1 else ():
        try:
            check(image, encoders, decoder, bottleneck, _range(network))
        except InputError:
            continue
        chosen = image, reason
        break
    network.image = chosen[0]
    network.notes.insert(0, chosen[1])
