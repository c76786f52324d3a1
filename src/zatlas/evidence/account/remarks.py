"""The remarks of a sentence, after what a move does: how far its numbers can be trusted."""

from zatlas.evidence.account.naming import leaves_data, motion_or_shade
from zatlas.evidence.account.number_words import number, percent
from zatlas.evidence.records import EditEffect, ElementEffect, MoveEffect


def remarks(effect: MoveEffect) -> list[str]:
    """The sentences about motion, flags, random directions and other seeds."""
    found = []
    kind = motion_or_shade(effect)
    if kind is not None and effect.motion is not None:
        found.append(
            f"It is {kind}: a warp explains {percent(effect.motion.warp.value)} of the change "
            f"[{percent(effect.motion.warp.low)}, {percent(effect.motion.warp.high)}] "
            f"({effect.motion.n} images)."
        )
    flags = effect.flags
    if flags is not None and flags.moved:
        text = "It leaves the data: in range" if leaves_data(flags) else "In range"
        text += f" in {percent(flags.in_range)} of images"
        if flags.kept is not None:
            text += f"; {percent(flags.kept)} of it survives re-encoding"
        found.append(text + ".")
    if isinstance(effect, EditEffect) and effect.random is not None:
        found.append(
            f"It changes pictures by {number(effect.size)} grey levels, a random direction "
            f"of the same length by {number(effect.random.size)}."
        )
    if isinstance(effect, ElementEffect) and effect.match is not None:
        found.append(f"Other seeds: best match r = {effect.match:.2f}.")
    return found
