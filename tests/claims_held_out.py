"""Claims that the rules of reading were not tuned on: written before the rules were.

Each row: the claim, the element, the properties with the direction asked for, whether the claim
denies them. A row with no properties is a claim that must be refused.
"""

TURN = {"asymmetry": "either", "yaw": "either"}
HELD_OUT: list[tuple[str, int, dict[str, str], bool]] = [
    ("The third element makes the photo brighter.", 2, {"luminance": "up"}, False),
    ("z[0] dims the picture", 0, {"luminance": "down"}, False),
    ("Dimension 4 pushes the face towards the right side of the frame", 4,
     {"horizontal place": "up"}, False),
    ("element 5 has absolutely no influence on how sharp the photo is", 5,
     {"sharpness": "either"}, True),
    ("the last element rotates the face", -1, TURN, False),
    ("latent 2 ages the person", 2, {"age": "up"}, False),
    ("z[3] gives the person green eyes", 3, {}, False),
    ("Element 1: more saturated colours", 1, {"chroma": "up"}, False),
    ("unit 6 reduces the amount of contrast", 6, {"contrast": "down"}, False),
    ("element 0 determines the gender", 0, {"gender = Male": "either"}, False),
    ("the first dimension makes the backdrop bluer", 0, {"border yellow-blue": "down"}, False),
    ("z[2] adds glasses", 2, {}, False),
    ("Does element 3 change the light?", 3, {}, False),
    ("element 4 is not unrelated to the brightness", 4, {}, False),
    ("z[7] makes pictures colder in tone", 7, {"yellow-blue": "down"}, False),
    ("element 1 makes people smile less", 1, {"smiling": "down"}, False),
    ("dimension 3 doesn't affect the pose", 3, TURN, True),
    ("element 2 makes it both softer and darker", 2,
     {"sharpness": "down", "luminance": "down"}, False),
    ("z[5] lights the face from the left", 5, {"left-right light": "down"}, False),
    ("As element 6 decreases, the image gets lighter", 6, {"luminance": "down"}, False),
]  # fmt: skip

SECOND: list[tuple[str, int, dict[str, str], bool]] = [
    ("Element 0 makes the man look younger", 0, {}, False),
    ("element 2 shifts the whole image downwards", 2, {"vertical place": "down"}, False),
    ("z[3] has no visible effect on the sharpness", 3, {"sharpness": "either"}, True),
    ("When element 4 increases, the picture gets yellower", 4, {"yellow-blue": "up"}, False),
    ("the tenth dimension makes faces rounder", 9, {}, False),
    ("z[-1] makes pictures greyer", -1, {"chroma": "down"}, False),
    ("element 5 changes how old the person looks", 5, {"age": "either"}, False),
    ("unit 7: turns the face right", 7, {"asymmetry": "up", "yaw": "up"}, False),
    ("element 1 makes the light come from above", 1, {}, False),
    ("the background gets brighter with element 2", 2, {"border lightness": "up"}, False),
    ("z[6] does not seem to influence gender at all", 6, {}, False),
    ("element 3 makes it bigger and sharper", 3, {"edge extent": "up", "sharpness": "up"}, False),
    ("element 8 never makes it blurrier", 8, {"sharpness": "down"}, True),
    ("Reducing element 2 reduces the contrast", 2, {"contrast": "up"}, False),
    ("element 4 increases the contrast or reduces it", 4, {}, False),
    ("dimension 0 is neither age nor gender", 0,
     {"age": "either", "gender = Male": "either"}, True),
    ("z[9] slightly warms the colours", 9, {"yellow-blue": "up"}, False),
    ("I think element 1 is brightness", 1, {}, False),
    ("element 5 makes the beard disappear", 5, {}, False),
    ("element 2 makes faces less colourful and darker", 2,
     {"chroma": "down", "luminance": "down"}, False),
]  # fmt: skip
"""Written after the rules had been mended with the answers to ``HELD_OUT``."""
