"""What stands between encoder and decoder: a class in one of these files, and a line here."""

from collections.abc import Mapping

from zatlas.recipes.bottlenecks.gaussian import Gaussian, Plain
from zatlas.recipes.bottlenecks.gumbel import Gumbel
from zatlas.recipes.bottlenecks.scalar import FSQ, LFQ, QLAE
from zatlas.recipes.bottlenecks.sphere import Sphere
from zatlas.recipes.bottlenecks.topk import TopK
from zatlas.recipes.bottlenecks.vector import VQ
from zatlas.recipes.parts import Bottleneck

BOTTLENECKS: Mapping[str, type[Bottleneck]] = {
    part.name: part for part in (Plain, Gaussian, TopK, VQ, FSQ, LFQ, QLAE, Gumbel, Sphere)
}
