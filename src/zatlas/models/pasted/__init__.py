"""Pasted code as a model file: class source, a notebook, or what ``print(model)`` shows.

Nothing is run. Of class source the syntax tree is walked: ``interpreter`` follows its statements,
``calling`` its calls, ``tensors`` what happens to an image on its way; ``source`` chooses the class
and ``network`` divides the way into encoder and decoder.
"""

from zatlas.models.pasted.reading import Pasted, read_pasted

__all__ = ["Pasted", "read_pasted"]
