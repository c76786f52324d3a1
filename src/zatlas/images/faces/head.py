"""The head without hair: its shape, and the eyes, brows, nose and mouth painted on it.

The proportions are those of an adult: 23 cm from chin to crown, with the eyes in the middle. The
origin of the model is between the eyes, and its z axis points forward.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from zatlas.images.faces.geometry import Ball, Pose, View, pair, union
from zatlas.images.faces.shading import HAIR, SKIN, Patch, colour, mix, tone
from zatlas.images.faces.vectors import Array, bump, dot, ramp, unit

CRANIUM = Ball((0.0, 0.30, -0.18), (0.755, 0.84, 0.93))
MIDFACE = Ball((0.0, -0.10, 0.06), (0.65, 0.80, 0.60))
JAW = Ball((0.0, -0.52, 0.06), (0.55, 0.58, 0.54))
BROW = Ball((0.0, 0.22, 0.40), (0.54, 0.19, 0.29))
BRIDGE = Ball((0.0, -0.13, 0.655), (0.11, 0.35, 0.16), pitch=-24)
TIP = Ball((0.0, -0.335, 0.80), (0.125, 0.105, 0.15))
EYE, EYEBALL = (0.305, 0.0, 0.44), 0.175  # the left eye's centre (right in the picture), radius

FLESH = (0.32, 0.20, 0.15)  # red light scatters most in skin
LIPS, PINK = colour(228, 176, 178), 0.04 * colour(220, 90, 90)  # factor and addition
GUMS, TEETH = colour(90, 30, 30), colour(242, 237, 228)
SCLERA, IRIS = colour(222, 218, 214), colour(84, 62, 46)


def balls(smile: float) -> list[Ball]:
    """The ellipsoids of the head; a smile raises the cheeks."""
    return [
        CRANIUM, MIDFACE, JAW, BROW, BRIDGE, TIP,
        *pair(Ball((0.10, -0.37, 0.70), (0.08, 0.075, 0.11))),  # wings of the nose
        *pair(Ball((0.33, -0.25 + 0.05 * smile, 0.25), (0.31, 0.30, 0.30 + 0.03 * smile))),
        Ball((0.0, -0.60, 0.36), (0.35, 0.30, 0.28)),  # round the mouth
        Ball((0.0, -0.88, 0.30), (0.31, 0.23, 0.27)),  # chin
        *pair(Ball((0.305, 0.0, 0.455), (0.19, 0.155, 0.165))),  # lids
        *pair(Ball((0.73, -0.06, -0.12), (0.06, 0.24, 0.15), yaw=-18)),  # ears
    ]  # fmt: skip


def head(view: View, pose: Pose, light: Array, face: Mapping[str, float]) -> Patch:
    """The painted head, ready to be lit."""
    base = tone(SKIN, face["skin_tone"])
    skin = Patch.of(union(map(pose.place, balls(face["smile"])), view, 0.075), pose, base)
    skin.gloss += 0.07
    middle = skin.near(pose.point((0.0, -0.10, 0.6)), 0.72)
    for ball in (BROW, BRIDGE, TIP):
        middle.sun *= 1 - 0.65 * pose.place(ball).shade(middle.point, light, 0.45)
    complexion(skin)
    mouth(skin.near(pose.point((0.0, -0.65, 0.65)), 0.42), pose, base, face["smile"])
    for side in (-1, 1):
        centre = pose.point((side * EYE[0], *EYE[1:]))
        brow(skin.near(centre, 0.45), side, base, tone(HAIR, face["hair_tone"]))
        eye(skin.near(centre, 0.26), pose, centre, side, face["eye_opening"])
    return skin


def complexion(skin: Patch) -> None:
    """Red cheeks, nose and ears; shadows in eye sockets, ears and nostrils."""
    x, y, z = np.abs(skin.own[0]), skin.own[1], skin.own[2]
    front = ramp(z, 0.0, 0.25)
    red = 0.50 * bump((x - 0.38) / 0.20, (y + 0.30) / 0.16)
    red += 0.40 * bump(x / 0.12, (y + 0.34) / 0.10)
    skin.albedo[1:] *= 1 - 0.21 * (red * front + 0.50 * ramp(x, 0.70, 0.78))
    skin.sky *= 1 - 0.30 * bump((x - 0.22) / 0.13, (y - 0.05) / 0.11) * front
    skin.sky *= 1 - 0.50 * bump((z + 0.08) / 0.06, (y + 0.02) / 0.10) * (x > 0.72)
    skin.albedo *= 1 - 0.65 * bump((x - 0.062) / 0.035, (y + 0.405) / 0.025) * front


def mouth(skin: Patch, pose: Pose, base: Array, smile: float) -> None:
    """The lips, the line or the teeth between them, and the folds at their sides."""
    x, y = np.abs(skin.own[0]), skin.own[1]
    front = ramp(skin.own[2], 0.0, 0.25)
    u = np.minimum(x * (1 / (0.235 + 0.065 * smile)), 1.15)  # 1 at the corners
    bow = np.maximum(1 - u * u, 0)
    v = y + 0.655 - 0.10 * smile * (u * u - 0.45)  # height above the line between the lips
    gap = 0.046 * ramp(smile, 0.25, 1.0) * bow
    upper = gap + (0.062 * bow**0.8 - 0.014 * bump(x / 0.04)) * (1 - 0.2 * smile)
    lower = -gap - 0.085 * bow**0.7 * (1 - 0.15 * smile)
    lips = edge(upper - v) * edge(v - lower) * front * (u < 1.02)
    mix(skin.albedo, base * LIPS + PINK, 0.85 * lips)
    skin.gloss += 0.08 * lips
    # The upper lip faces down, the lower one up; below it is a hollow.
    tilt = np.where(v > 0, -0.35, 0.25) * lips - 0.35 * bump(x / 0.16, (v + 0.14) / 0.04) * front
    for normal, up in zip(skin.normal, pose.turn[:, 1].tolist(), strict=True):
        normal += tilt * up
    skin.normal[:] = unit(skin.normal)

    aside = x - 0.17 - (0.13 + 0.06 * smile) * ramp(y, -0.36, -0.66)
    fold = bump(aside / 0.028) * ramp(y, -0.34, -0.42) * ramp(y, -0.68, -0.60) * front
    skin.albedo *= 1 - (0.05 + 0.22 * smile) * fold
    line = bump(np.maximum(np.abs(v) - gap, 0) / 0.014) * ramp(u, 1.12, 0.95) * front
    skin.albedo *= 1 - 0.55 * line
    inside = edge(gap - 0.006 - np.abs(v)) * front
    mix(skin.albedo, GUMS + (TEETH - GUMS) * ramp(v + 0.3 * gap, -0.006, 0.012), inside)
    skin.gloss *= 1 - inside


def brow(skin: Patch, side: int, base: Array, hair: Array) -> None:
    """One eyebrow, thinner towards its outer end, in the tone of the hair."""
    x, y = side * skin.own[0] - EYE[0], skin.own[1]
    outwards = np.maximum(x, 0)
    across = np.abs(y - 0.25 + 0.72 * x * x + 0.06 * outwards)
    hairs = ramp(across - 0.048 + 0.06 * outwards, 0.0, -0.03) * ramp(np.abs(x), 0.215, 0.15)
    mix(skin.albedo, 0.7 * hair + 0.05 * base, 0.8 * hairs * (skin.own[2] > 0.2))


def eye(skin: Patch, pose: Pose, centre: Array, side: int, opening: float) -> None:
    """One eye: the crease of the lid, the eyeball, the lashes."""
    u = (side * skin.own[0] - EYE[0]) * (1 / 0.178)  # -1 at the inner corner, 1 at the outer
    v = skin.own[1] - 0.018 * u
    front = skin.own[2] > 0.2
    bow = np.maximum(1 - u * u, 0)
    top, bottom = opening * 0.130 * bow**0.75 - 0.02 * bow, -0.058 * bow
    inside = edge(top - v) * edge(v - bottom) * front * (bow > 0)
    skin.albedo *= 1 - 0.3 * bump((v - 0.6 * top - 0.085) / 0.016) * ramp(u * u, 1.4, 0.5) * front

    ball = skin.point - centre.astype(np.float32)[:, None, None]
    ball[2] = np.sqrt(np.maximum(EYEBALL**2 - ball[0] ** 2 - ball[1] ** 2, 1e-4))
    ball = unit(ball)
    angle = np.arccos(np.minimum(dot(ball, gaze(pose).tolist()), 1))  # from the line of sight
    dark = (1 - IRIS / SCLERA) * ramp(angle, 0.53, 0.45)
    colours = SCLERA * (1 - dark) * (1 - 0.92 * ramp(angle, 0.24, 0.16))
    shadow = ramp(top - v, 0.05, 0.0)  # of the upper lid
    mix(skin.albedo, colours * (1 - 0.55 * shadow), inside)
    mix(skin.normal, ball, inside)
    mix(skin.gloss, 0.6, inside)
    skin.albedo *= 1 - 0.8 * bump((v - top - 0.006) / 0.017) * ramp(u * u, 1.25, 0.8) * front
    skin.albedo *= 1 - 0.3 * bump((v - bottom) / 0.012) * ramp(u * u, 1.1, 0.64) * front


def gaze(pose: Pose) -> Array:
    """The direction of the eyes: to the camera, but at most about 30 degrees aside and 15 up."""
    x, y, z = pose.turn[2]  # the camera's direction in the head's own axes
    return pose.turn @ unit(np.array([np.clip(x, -0.42, 0.42), np.clip(y, -0.26, 0.26), abs(z)]))


def edge(inside: Any) -> Any:
    """1 where ``inside`` is positive, 0 where it is negative, with a smooth transition."""
    return ramp(inside, -0.012, 0.012)
