"""What stands between encoder and decoder: a class in one of these files, and a line here."""

from collections.abc import Mapping

from zatlas.recipes.bottlenecks.gaussian import Gaussian, Plain
from zatlas.recipes.parts import Bottleneck

BOTTLENECKS: Mapping[str, type[Bottleneck]] = {part.name: part for part in (Plain, Gaussian)}
