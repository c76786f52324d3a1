"""Colour and light: the painted patches of an image, and the canvas on which they are drawn."""

import colorsys
from dataclasses import dataclass
from typing import Any

import numpy as np

from zatlas.images.faces.geometry import Box, Pose, Surface, View
from zatlas.images.faces.vectors import Array, Triple, dot, unit

GAMMA = 2.2
LAMP = (0.90, 0.86, 0.80)  # intensity of the direct light, RGB
SKY = (0.31, 0.33, 0.37)  # intensity of the ambient light, RGB
SHARPNESS = 60  # of highlights; a Gaussian with about the shape of Blinn's (1977) exponent


def colour(red: float, green: float, blue: float) -> Array:
    """An 8-bit sRGB-like colour as linear light, float32 (3, 1, 1)."""
    return ((np.array([red, green, blue]) / 255) ** GAMMA).astype(np.float32)[:, None, None]


def palette(colours: str) -> tuple[Array, ...]:
    """Colours in hexadecimal, separated by spaces, as linear light."""
    return tuple(colour(*bytes.fromhex(each)) for each in colours.split())


# five colours each, from dark to light
SKIN = palette("46281c 764a32 aa7454 d8a482 f4d0ba")
HAIR = palette("141010 301f16 623e24 a0703e debc84")


def tone(colours: tuple[Array, ...], at: float) -> Array:
    """The interpolated colour at ``at``, 0 (dark) to 1 (light), of a palette."""
    places = np.linspace(0, 1, len(colours))
    mixed = [np.interp(at, places, channel) for channel in np.hstack(colours)[..., 0]]
    return np.array(mixed, np.float32)[:, None, None]


def mix(below: Array, above: Any, opacity: Any) -> None:
    """Blend ``above`` over ``below``, in place."""
    below += (above - below) * opacity


def halfway(light: Array) -> Array:
    """The half vector (3,) between the light and the viewer, as in Blinn's model."""
    return unit(light + np.array([0.0, 0.0, 1.0]))


@dataclass
class Patch:
    """A surface of one material: it is painted first, and lit afterwards.

    Attributes
    ----------
    box : the rays of the patch.
    point, own : the surface's points (3, h, w), in the world and in the model's coordinates.
    normal, albedo : (3, h, w).
    hit : whether a ray meets the surface (h, w).
    cover : opacity (h, w).
    sun, sky : the fractions of direct and ambient light that arrive (h, w).
    gloss : strength of highlights (h, w).
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
        """A matt, opaque patch of one colour, without shadows, on a model in ``pose``."""
        box, point, normal, hit = surface
        own, coat = pose.own(point), np.broadcast_to(albedo, point.shape).copy()
        cover, sun, sky = np.ones((3, *hit.shape), np.float32)
        return cls(box, point, own, normal, coat, hit, cover, sun, sky, np.zeros_like(cover))

    def near(self, centre: Array, reach: float) -> "Patch":
        """The part within ``reach`` of a world point; its arrays are views of this patch."""
        x, y = self.point[0, 0], -self.point[1, :, 0]
        left, right = np.searchsorted(x, [centre[0] - reach, centre[0] + reach]).tolist()
        top, bottom = np.searchsorted(y, [-centre[1] - reach, -centre[1] + reach]).tolist()
        rows, columns = self.box[0].start, self.box[1].start
        box = slice(rows + top, rows + bottom), slice(columns + left, columns + right)
        arrays = [value for name, value in vars(self).items() if name != "box"]
        return Patch(box, *(array[..., top:bottom, left:right] for array in arrays))

    def lit(self, light: Array, wrap: Triple) -> Array:
        """The linear colour (3, h, w) under a light from direction ``light``.

        Lambert's law; ambient light, more of it from above; and highlights. ``wrap`` (RGB) extends
        the direct light beyond the edge of the shadow, as scattering in the material does.
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
    """The unfinished image: linear light (3, side, side), and the depth (side, side)."""

    def __init__(self, view: View, hue: float, lightness: float) -> None:
        self.depth = np.full((view.side, view.side), -np.inf, np.float32)
        across = np.linspace(-1, 1, view.side, dtype=np.float32)
        down = across[:, None]
        backdrop = colorsys.hls_to_rgb(hue / 360 % 1, min(max(lightness, 0), 1), 0.32)
        glow = 1.12 - 0.22 * (across**2 + (down + 0.3) ** 2) - 0.12 * down
        self.rgb = colour(*(255 * c for c in backdrop)) * glow

    def draw(self, patch: Patch, rgb: Array) -> None:
        """Draw a lit patch over all that is farther away."""
        rows, columns = patch.box
        depth = self.depth[rows, columns]
        seen = patch.cover * (patch.hit & (patch.point[2] > depth))
        mix(self.rgb[:, rows, columns], rgb, seen)
        np.copyto(depth, patch.point[2], where=seen > 0.5)

    def pixels(self) -> Array:
        """The image, uint8 (side / 2, side / 2, 3); a pixel is the mean of four rays."""
        two = self.rgb[:, ::2] + self.rgb[:, 1::2]
        mean = np.clip((two[..., ::2] + two[..., 1::2]) / 4, 0, 1)
        return np.asarray(255 * mean ** (1 / GAMMA) + 0.5, np.uint8).transpose(1, 2, 0)
