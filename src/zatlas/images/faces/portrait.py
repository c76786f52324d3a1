"""Render one face: thirteen numbers in, one image out."""

from collections.abc import Mapping
from typing import NamedTuple

from zatlas.images.faces.geometry import Pose, View
from zatlas.images.faces.hair import STRANDS, gap, grown, inset, sheen, wall
from zatlas.images.faces.head import FLESH, head
from zatlas.images.faces.outfit import FABRIC, PLASTIC, body, glasses
from zatlas.images.faces.shading import Canvas
from zatlas.images.faces.vectors import Array, ramp, rotation


class Framing(NamedTuple):
    """At scale 1 the image shows ± ``half`` (10 cm) about the height ``middle``."""

    half: float
    middle: float


FRAMINGS: Mapping[str, Framing] = {
    "shoulders": Framing(1.55, -0.10),  # the head and the shoulders
    "close": Framing(1.2, 0.05),  # from the chin to the crown: head and hair fill the image
}
NECK = (0.0, -0.75, -0.25)  # the centre of rotation of the head


def portray(face: Mapping[str, float], size: int, framing: Framing) -> Array:
    """The image, uint8 (size, size, 3), of a face with these factors."""
    view = View(2 * size, framing.half / face["scale"], framing.middle)
    pose = Pose(rotation(face["yaw"], face["pitch"]), NECK)
    light = rotation(face["light_azimuth"], face["light_elevation"])[:, 2]
    length = face["hair_length"]
    canvas = Canvas(view, face["background_hue"], face["background_lightness"])

    torso = body(view, pose, light, face)
    canvas.draw(torso, torso.lit(light, FABRIC))
    skin = head(view, pose, light, face)
    skin.sky *= 1 - 0.6 * grown(length) * ramp(inset(skin.own, length), -0.2, 0.05)
    canvas.draw(skin, skin.lit(light, FLESH))
    near = wall(view, pose, face, 1)
    far = wall(view, pose, face, -1, gap(near, skin, view.side))
    canvas.draw(far, far.lit(light, STRANDS))
    gleam = sheen(near, pose, light)
    canvas.draw(near, near.lit(light, STRANDS) + gleam)
    if face["glasses"] > 0:
        for patch in glasses(view, pose, min(face["glasses"], 1.0)):
            canvas.draw(patch, patch.lit(light, PLASTIC))
    return canvas.pixels()
