"""Hair, from cropped to beyond the shoulders: a surface around the head, open at the face.

Above the temples the surface is half an ellipsoid. Below them it is half of a longer ellipsoid, cut
at the end of the hair. A ray through the opening meets the face, or the far side of the hair.
"""

from collections.abc import Mapping

import numpy as np

from zatlas.images.faces.geometry import Ball, Box, Pose, Surface, View, hull
from zatlas.images.faces.head import CRANIUM
from zatlas.images.faces.shading import HAIR, Patch, halfway, tone
from zatlas.images.faces.vectors import Array, bump, dot, ramp, unit

STRANDS = (0.1, 0.1, 0.1)  # hair scatters little light
TEMPLES = CRANIUM.centre[1]
CROWN = (0.18, 1.1, -0.1)  # where the strands start


def grown(length: float) -> float:
    """0 for cropped hair, 1 for hair that covers the forehead and the temples."""
    return float(ramp(length, 0.05, 0.40))


def inset(own: Array, length: float) -> Array:
    """The distance of the head's points (3, h, w) behind the hairline; negative on the face.

    The hairline follows the temples up to the forehead, where long hair is parted.
    """
    x, y, z = own
    high = y - TEMPLES
    line = 0.34 * grown(length) - 0.02 + 0.34 * np.exp(4 * np.minimum(high, 0))
    line = line + 0.5 * np.maximum(high, 0)
    parting = (0.04 + 0.26 * grown(length)) * bump((x - 0.20) / 0.22, (y - 0.75) / 0.30)
    return np.asarray(line - parting - z)


def wall(
    view: View, pose: Pose, face: Mapping[str, float], side: int, within: Box | None = None
) -> Patch:
    """The near (``side`` 1) or far (-1) side of the hair, ready to be lit.

    ``within`` limits the work to a box of rays.
    """
    length = face["hair_length"]
    thick = 0.01 + 0.10 * float(ramp(length, -0.05, 0.35))
    end = -0.05 - 1.70 * length
    rx, ry, rz = (r + thick for r in CRANIUM.radii)
    drop = max(ry, 1.45 * (TEMPLES - end))
    upper, lower = (pose.place(Ball(CRANIUM.centre, (rx, r, rz))) for r in (ry, drop))
    rows, columns = box = within or hull(map(view.box, (upper, lower)))
    x, y = view.x[columns], view.y[rows]

    rise = pose.turn[:, 1].tolist()
    level = float(pose.point(CRANIUM.centre) @ pose.turn[:, 1])
    (middle, chord), (middle_low, chord_low) = upper.cast(x, y), lower.cast(x, y)
    z, z_low = middle + side * chord, middle_low + side * chord_low
    above = (chord > 0) & (dot(rise, (x, y, z)) >= level)
    below = (chord_low > 0) & (dot(rise, (x, y, z_low)) <= level)
    point = np.stack(np.broadcast_arrays(x, y, np.where(above, z, z_low)))
    surface = Surface(box, point, np.empty_like(point), above | below)
    hair = Patch.of(surface, pose, tone(HAIR, face["hair_tone"]))
    (u, v, w), (cx, cy, cz) = hair.own, CRANIUM.centre
    falls = np.where(above, np.float32(ry**-2), np.float32(drop**-2))
    slope = (u - cx) * (side / rx**2), (v - cy) * falls * side, (w - cz) * (side / rz**2)
    hair.normal[:] = unit(np.stack([dot(row, slope) for row in pose.turn.tolist()]))

    # The cut is a little uneven. On short hair it rises towards the nape.
    cut = end + 0.03 * np.sin(14 * u + 9 * w) - 0.35 * (1 - grown(length)) * ramp(w, -0.1, -0.5)
    hair.cover *= ramp(v - cut, -0.03, 0.03) * ramp(inset(hair.own, length), -0.03, 0.03)
    hair.cover *= 0.78 + 0.22 * float(ramp(length, 0.0, 0.15))
    if side < 0:
        hair.sun *= 0.3
        hair.sky *= 0.4
    return hair


def gap(near: Patch, skin: Patch, side: int) -> Box:
    """The box of rays, of ``side`` x ``side``, that miss both the near hair and the head."""
    passed = np.zeros((side, side), bool)
    passed[near.box] = near.hit & (near.cover < 0.99)
    passed[skin.box] &= ~skin.hit
    rows, columns = np.flatnonzero(passed.any(axis=1)), np.flatnonzero(passed.any(axis=0))
    if not len(rows):
        return slice(0, 0), slice(0, 0)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def sheen(hair: Patch, pose: Pose, light: Array) -> Array:
    """Draw streaks on the hair, and return the light (3, h, w) that its strands reflect.

    A strand reflects like a thin cylinder: most where it is perpendicular to the half vector.

    References
    ----------
    Kajiya and Kay (1989), Rendering fur with three dimensional textures.
    """
    x, y, z = hair.own
    around = np.arctan2(x - 0.1, z + 0.2)
    streaks = 1 + 0.10 * np.sin(23 * around + 3 * y) + 0.08 * np.sin(41 * around + 1.0)
    glint = 0.13 * hair.albedo**0.5 + 0.01
    hair.albedo *= streaks
    way = [a - c for a, c in zip(hair.own, CROWN, strict=True)]
    strand = np.stack([dot(row, way) for row in pose.turn.tolist()])
    strand = unit(strand - dot(strand, hair.normal) * hair.normal)
    half = halfway(light).tolist()
    mirrored = np.maximum(1 - dot(strand, half) ** 2, 0) ** 12
    return np.asarray(glint * (mirrored * np.maximum(dot(hair.normal, half), 0) * streaks))
