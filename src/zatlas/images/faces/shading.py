"""Colour and light: patches of the picture, and the canvas that they are drawn on."""

import colorsys
from dataclasses import dataclass
from typing import Any

import numpy as np

from zatlas.images.faces.geometry import Array, Box, Pose, Surface, Triple, View, dot, unit

GAMMA = 2.2
LAMP = (0.90, 0.86, 0.80)  # strength of the light, in red, green and blue
SKY = (0.31, 0.33, 0.37)  # and of the ambient light
SHARPNESS = 60  # of highlights: as Blinn's (1977) exponent, in a Gaussian of about the same lobe


def colour(red: float, green: float, blue: float) -> Array:
    """An 8-bit display colour as linear light, float32 (3, 1, 1)."""
    share = np.array([red, green, blue]) / 255
    return (share**GAMMA).astype(np.float32)[:, None, None]


SKIN = (
    colour(70, 40, 28),
    colour(118, 74, 50),
    colour(170, 116, 84),
    colour(216, 164, 130),
    colour(244, 208, 186),
)
HAIR = (
    colour(20, 16, 16),
    colour(48, 31, 22),
    colour(98, 62, 36),
    colour(160, 112, 62),
    colour(222, 188, 132),
)


def tone(palette: tuple[Array, ...], at: float) -> Array:
    """The colour at ``at``, 0 to 1, along a ``palette`` from dark to light."""
    places = np.linspace(0, 1, len(palette))
    channels = np.concatenate(palette, axis=1)[..., 0]  # (3, K)
    mixed = [np.interp(at, places, channel) for channel in channels]
    return np.array(mixed, np.float32)[:, None, None]


def mix(below: Array, above: Any, share: Any) -> None:
    """Lay ``above`` over ``below``, in place, with the opacity ``share``."""
    below += (above - below) * share


def halfway(light: Array) -> Array:
    """The direction (3,) midway between the light and the viewer: mirrors there show the light."""
    return unit(light + np.array([0.0, 0.0, 1.0]))


@dataclass
class Patch:
    """A material's part of the picture, painted first and lit after.

    Over the rays of ``box``: world points, the same points in the model's ``own`` coordinates,
    normals and albedo (3, h, w); hit, cover (opacity), the shares of sun and sky that arrive, and
    gloss (h, w).
    """

    box: Box
    point: Array
    own: Array
    normal: Array
    albedo: Array
    hit: Array
    cover: Array
    sun: Array
    sky: Array
    gloss: Array

    @classmethod
    def of(cls, surface: Surface, pose: Pose, albedo: Array) -> "Patch":
        """A matt, opaque, unshadowed patch of one colour on a model that stands in ``pose``."""
        box, point, normal, hit = surface
        coat = np.broadcast_to(albedo, point.shape).copy()
        ones = np.ones(hit.shape, np.float32)
        bare = np.zeros_like(ones)
        return cls(
            box, point, pose.own(point), normal, coat, hit, ones, ones.copy(), ones.copy(), bare
        )

    def near(self, centre: Array, reach: float) -> "Patch":
        """The rays within ``reach`` of a world point; its arrays are views into this patch's."""
        x, y = self.point[0, 0], -self.point[1, :, 0]
        left, right = np.searchsorted(x, [centre[0] - reach, centre[0] + reach]).tolist()
        top, bottom = np.searchsorted(y, [-centre[1] - reach, -centre[1] + reach]).tolist()
        rows, columns = self.box[0].start, self.box[1].start
        box = slice(rows + top, rows + bottom), slice(columns + left, columns + right)
        arrays = [value for name, value in vars(self).items() if name != "box"]
        return Patch(box, *(array[..., top:bottom, left:right] for array in arrays))

    def lit(self, light: Array, wrap: Triple) -> Array:
        """The patch's colour (3, h, w), linear, under a light from direction ``light``.

        Lambert's law, where ``wrap`` lets red, green and blue light reach round the edge as far as
        the material scatters it; ambient light, more of it from above; and highlights.
        """
        facing = dot(self.normal, light.tolist())
        ambient = self.sky * (0.75 + 0.25 * self.normal[1])
        mirrored = np.maximum(dot(self.normal, halfway(light).tolist()), 0)
        shine = np.exp(SHARPNESS * (mirrored - 1)) * (self.gloss * self.sun)
        rgb = np.empty_like(self.albedo)
        for i, w in enumerate(wrap):
            direct = np.clip((facing + w) * (1 / (1 + w)), 0, 1) * self.sun
            rgb[i] = self.albedo[i] * (SKY[i] * ambient + LAMP[i] * direct) + shine
        return rgb


class Canvas:
    """The picture in the making: linear light (3, side, side), and the depth (side, side)."""

    def __init__(self, view: View, hue: float, lightness: float) -> None:
        self.depth = np.full((view.side, view.side), -np.inf, np.float32)
        across = np.linspace(-1, 1, view.side, dtype=np.float32)
        down = across[:, None]
        backdrop = colorsys.hls_to_rgb(hue / 360 % 1, min(max(lightness, 0), 1), 0.32)
        glow = 1.12 - 0.22 * (across**2 + (down + 0.3) ** 2) - 0.12 * down
        self.rgb = colour(*(255 * c for c in backdrop)) * glow

    def draw(self, patch: Patch, rgb: Array) -> None:
        """Lay a lit patch over whatever is farther away."""
        rows, columns = patch.box
        depth = self.depth[rows, columns]
        seen = patch.cover * (patch.hit & (patch.point[2] > depth))
        mix(self.rgb[:, rows, columns], rgb, seen)
        np.copyto(depth, patch.point[2], where=seen > 0.5)

    def pixels(self) -> Array:
        """The finished picture, uint8 (side / 2, side / 2, 3): a pixel is the mean of four rays."""
        two = self.rgb[:, ::2] + self.rgb[:, 1::2]
        mean = np.clip((two[..., ::2] + two[..., 1::2]) / 4, 0, 1)
        shown: Array = (255 * mean ** (1 / GAMMA) + 0.5).astype(np.uint8)
        return shown.transpose(1, 2, 0)
