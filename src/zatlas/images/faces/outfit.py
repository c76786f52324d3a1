"""Neck and shoulders, and glasses."""

from collections.abc import Mapping

import numpy as np

from zatlas.images.faces.geometry import Ball, Pose, Surface, View, pair, union
from zatlas.images.faces.head import JAW, MIDFACE, edge
from zatlas.images.faces.shading import SKIN, Patch, colour, mix, tone
from zatlas.images.faces.vectors import Array, ramp

BODY = (
    Ball((0.0, -1.25, -0.22), (0.40, 0.95, 0.42)),  # neck
    Ball((0.0, -2.42, -0.30), (1.75, 1.04, 0.66)),  # chest
    *pair(Ball((0.52, -1.70, -0.30), (0.80, 0.36, 0.40))),  # shoulders
)
CLOTH, FABRIC = colour(66, 80, 108), (0.25, 0.25, 0.25)

LENSES = Ball((0.0, 0.0, 0.74), (0.68, 0.28, 0.005))  # almost a plane
ARM = Ball((0.69, 0.06, 0.31), (0.022, 0.028, 0.44), yaw=-10)
FRAME, GLARE, PLASTIC = colour(34, 30, 32), colour(200, 210, 220), (0.0, 0.0, 0.0)


def body(view: View, head: Pose, light: Array, face: Mapping[str, float]) -> Patch:
    """Neck and shoulders, in the shadow of the head; they do not rotate with it."""
    still, base = Pose(np.eye(3)), tone(SKIN, face["skin_tone"])
    skin = Patch.of(union(map(still.place, BODY), view, 0.10), still, base)
    for ball in (JAW, MIDFACE):
        skin.sun *= 1 - head.place(ball).shade(skin.point, light, 0.3)
    x, y, _ = skin.own
    below = -1.45 + 0.35 * x * x - y  # the neckline; the hem of the collar is below it
    mix(skin.albedo, CLOTH * (0.55 + 0.45 * ramp(below, 0.09, 0.12)), edge(below))
    skin.sky *= 1 - 0.45 * ramp(y, -1.35, -0.85)
    return skin


def glasses(view: View, pose: Pose, opacity: float) -> list[Patch]:
    """Rims, bridge and lenses with a faint reflection, in one plane; and the two arms."""
    sheet = pose.place(LENSES)
    rows, columns = box = view.box(sheet)
    x, y = view.x[columns], view.y[rows]
    point = np.stack(np.broadcast_arrays(x, y, sheet.cast(x, y)[0]))
    normal = np.broadcast_to(pose.turn[:, 2].astype(np.float32)[:, None, None], point.shape)
    front = Patch.of(Surface(box, point, normal, np.ones(point.shape[1:], bool)), pose, FRAME)
    x, y = np.abs(front.own[0]), front.own[1]
    a, b = np.abs(x - 0.335) - 0.12, np.abs(y + 0.02) - 0.075
    # Signed distance to the middle line of the rim, a rectangle with rounded corners.
    rim = np.hypot(np.maximum(a, 0), np.maximum(b, 0)) + np.minimum(np.maximum(a, b), 0) - 0.12
    bridge = ramp(np.abs(y - 0.08 + 3.0 * x * x), 0.03, 0.014) * (x < 0.095)
    frame = np.maximum(ramp(np.abs(rim), 0.034, 0.018), bridge)
    glass = ramp(rim, 0.0, -0.02) * (1 - frame)
    mix(front.albedo, GLARE, glass)
    streak = ramp(np.abs(x - 0.38 + 0.6 * y), 0.05, 0.02)
    front.cover *= np.maximum(frame, glass * (0.02 + 0.07 * streak))
    arms = [Patch.of(union([pose.place(arm)], view, 0.05), pose, FRAME) for arm in pair(ARM)]
    for patch in (front, *arms):
        patch.cover *= opacity
    return [front, *arms]
