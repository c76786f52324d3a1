"""Image sets: any source of pictures made into uint8 (N,H,W,C), and opened again."""

from zatlas.images.imageset import ImageSet, open_images
from zatlas.images.prepare import Prepared, prepare_images

__all__ = ["ImageSet", "Prepared", "open_images", "prepare_images"]
