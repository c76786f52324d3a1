"""Ellipsoids under parallel rays: depth, normals, smooth unions, soft shadows.

The camera looks along -z; x points to the right of the image, y up, z to the viewer. One unit is
10 cm. Vectors over pixels are float32 arrays (3, h, w). Values for a whole image are computed in
float64 and used as plain floats, so the arrays stay float32.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from zatlas.images.faces.vectors import Array, Triple, dot, ramp, rotation, unit

Box = tuple[slice, slice]  # rows, columns


class Ball(NamedTuple):
    """An ellipsoid of a model: centre, radii, and a rotation in degrees as in ``rotation``."""

    centre: Triple
    radii: Triple
    yaw: float = 0.0
    pitch: float = 0.0


def pair(ball: Ball) -> tuple[Ball, Ball]:
    """``ball`` and its mirror image in the plane x = 0."""
    x, y, z = ball.centre
    return ball, Ball((-x, y, z), ball.radii, -ball.yaw, ball.pitch)


class Pose(NamedTuple):
    """The position of a model in the world: a rotation about a pivot."""

    turn: Array
    pivot: Triple = (0.0, 0.0, 0.0)

    def point(self, own: Triple | Array) -> Array:
        """The world coordinates (3,) of a point of the model."""
        return self.turn @ (np.asarray(own) - self.pivot) + self.pivot

    def own(self, point: Array) -> Array:
        """World points (3, h, w) in the model's coordinates."""
        moved = [p - c for p, c in zip(point, self.pivot, strict=True)]
        pairs = zip(self.turn.T.tolist(), self.pivot, strict=True)
        return np.stack([dot(axis, moved) + c for axis, c in pairs])

    def place(self, ball: Ball) -> "Solid":
        """The model's ``ball`` in the world."""
        axes = self.turn @ rotation(ball.yaw, ball.pitch)
        square = np.square(ball.radii)
        reach = np.sqrt(np.square(axes) @ square)
        return Solid(self.point(ball.centre), (axes / square) @ axes.T, reach)


class Solid(NamedTuple):
    """An ellipsoid in the world: (p - centre)ᵀ form (p - centre) = 1, within ± reach."""

    centre: Array
    form: Array
    reach: Array

    def cast(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Rays at ``x`` (w,), ``y`` (h, 1) meet it at depth middle ± chord; 0 is a miss."""
        (a, b, c), (_, d, e), (_, _, f) = self.form.tolist()
        cx, cy, cz = self.centre.tolist()
        dx, dy = x - cx, y - cy
        # The equation is quadratic in z; its discriminant is a paraboloid over the picture.
        disc = (f - (f * a - c * c) * dx * dx) - (f * d - e * e) * dy * dy
        disc = disc - (2 * (f * b - c * e) * dx) * dy
        return (cz - c / f * dx) - e / f * dy, np.sqrt(np.maximum(disc, 0)) * (1 / f)

    def normal(self, x: Array, y: Array, z: Array) -> Array:
        """Outward unit normals (3, h, w) at points (x, y, z) of the surface."""
        dx, dy, dz = (v - c for v, c in zip((x, y, z), self.centre.tolist(), strict=True))
        return unit(np.stack([(a * dx + b * dy) + c * dz for a, b, c in self.form.tolist()]))

    def shade(self, point: Array, light: Array, soft: float) -> Array:
        """The fraction, 0 to 1, of a light from direction ``light`` that it blocks at ``point``.

        In coordinates where the solid is the unit ball, a ray to the light is blocked if it passes
        the centre nearer than ``1 - soft``, and free if it passes farther than ``1 + soft``.
        """
        d = [p - c for p, c in zip(point, self.centre.tolist(), strict=True)]
        bent = [dot(row, d) for row in self.form.tolist()]
        length = float(light @ self.form @ light)
        ahead = dot(bent, light.tolist()) * (-1 / length)
        apart = np.sqrt(np.maximum(dot(bent, d) - ahead * ahead * length, 0))
        return np.asarray(ramp(apart, 1 + soft, 1 - soft) * ramp(ahead, 0.0, 0.15))


class View:
    """A square of ``side`` x ``side`` parallel rays over ± ``half`` about (0, ``middle``)."""

    def __init__(self, side: int, half: float, middle: float) -> None:
        steps = (np.arange(side) + 0.5) * (2 * half / side) - half
        self.side = side
        self.x = steps.astype(np.float32)  # (side,)
        self.y = (middle - steps).astype(np.float32)[:, None]  # (side, 1)

    def box(self, solid: Solid) -> Box:
        """The smallest box with all rays that meet ``solid``."""
        (x, y, _), (across, up, _) = solid.centre.tolist(), solid.reach.tolist()
        columns = np.searchsorted(self.x, [x - across, x + across])
        rows = np.searchsorted(-self.y[:, 0], [-y - up, -y + up])
        return slice(*rows.tolist()), slice(*columns.tolist())


def hull(boxes: Iterable[Box]) -> Box:
    """The smallest box around all ``boxes``."""
    rows, columns = zip(*boxes, strict=True)
    top, left = min(r.start for r in rows), min(c.start for c in columns)
    return slice(top, max(r.stop for r in rows)), slice(left, max(c.stop for c in columns))


class Surface(NamedTuple):
    """The points and unit normals (3, h, w) that the rays of a box meet, and which rays hit."""

    box: Box
    point: Array
    normal: Array
    hit: Array


def union(solids: Iterable[Solid], view: View, fillet: float) -> Surface:
    """The front of a smooth union of solids, with creases rounded over ``fillet``.

    Depth and normal are means over the solids that a ray meets, weighted by exp(depth / fillet): a
    solid counts if it is within about one fillet of the nearest. The weight of a solid falls to
    zero at its own outline, so no seam is visible.
    """
    pairs = [(solid, view.box(solid)) for solid in solids]
    box = rows, columns = hull(own for _, own in pairs)
    x, y = view.x[columns], view.y[rows]
    total = np.zeros((len(y), len(x)), np.float32)
    depth, normal = total.copy(), np.zeros((3, *total.shape), np.float32)
    for solid, (own_rows, own_columns) in pairs:
        r = slice(own_rows.start - rows.start, own_rows.stop - rows.start)
        c = slice(own_columns.start - columns.start, own_columns.stop - columns.start)
        middle, chord = solid.cast(x[c], y[r])
        z = middle + chord
        n = solid.normal(x[c], y[r], z)
        weight = np.exp(z * (1 / fillet)) * (chord > 0) * (n[2] * n[2] + 1e-4)
        total[r, c] += weight
        depth[r, c] += weight * z
        normal[:, r, c] += weight * n
    hit = total > 0
    depth /= np.where(hit, total, 1)
    return Surface(box, np.stack(np.broadcast_arrays(x, y, depth)), unit(normal), hit)
