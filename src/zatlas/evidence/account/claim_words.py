"""The words that claims are read with: those of each property, and those of English itself.

Articles are left out of the text before it is read, so no phrase here holds one. The endings of
``INFLECTION`` are understood: "dark" stands for "darker" and "darkens" as well.
"""

import re

from zatlas.evidence.arrays import LABEL_SUFFIX
from zatlas.evidence.properties.attributes import ATTRIBUTES
from zatlas.evidence.properties.causes import CAUSES
from zatlas.evidence.properties.words import TURN, Words

ATTRIBUTE_WORDS = {attribute.name: attribute.words for attribute in ATTRIBUTES}
CAUSE_WORDS = {cause.name: cause.words for cause in CAUSES}
FACTOR_WORDS = {
    "age": Words(
        ("old", "ages", "elderly", "aging", "ageing"), ("young", "youthful", "youth"), ("age",)
    ),
    "gender = male": Words(
        ("male", "masculine", "man"), ("female", "feminine", "woman"), ("gender", "sex")
    ),
    "smiling": Words(("smile", "smiling")),
    "yaw": Words(("right",), ("left",), context=TURN),
}


def words_of(name: str) -> Words:
    """The words of a property. One that is in no table is known by its name: "a = b" by both."""
    plain = name.removesuffix(LABEL_SUFFIX)
    known = (ATTRIBUTE_WORDS | CAUSE_WORDS).get(plain) or FACTOR_WORDS.get(plain.lower())
    factor, _, level = plain.lower().replace("_", " ").partition(" = ")
    return known or Words(up=(level,) if level else (), neutral=(factor,))


INFLECTION = "s|es|d|ed|r|er|n|en|ens|ened|ening|ing|est|ish"


def inflected(phrase: str) -> str:
    """A regular expression for a phrase and its inflected forms."""
    return r"\b" + " ".join(map(_inflected, phrase.split())) + r"\b"


def _inflected(word: str) -> str:
    if len(word) < 3:
        return re.escape(word)
    if word.endswith("y") and word[-2] not in "aeiou":
        return rf"{re.escape(word[:-1])}(?:y|i(?:{INFLECTION}))"
    stem = word.removesuffix("e")
    return rf"{re.escape(stem)}(?:e?|{re.escape(stem[-1])}?(?:{INFLECTION}))"


REWRITES = (  # one after the other; every negation becomes "not", and what it denies "change"
    (r"\bcan['’]?t\b|\bcannot\b", "can not"),
    (r"n['’]t\b", " not"),
    (r"\bcolor", "colour"),
    (r"\bgray", "grey"),
    (r"\ba (?:lot|little|bit)\b", "slightly"),
    (r"\b(?:the|a|an)\b", " "),
    (r"['’]s\b|[:!()\"'“”‘’]", " "),
    (r"\s+", " "),
    (r"\bbetween (.+?) and\b", r"\1 or"),
    (r"\bneither (.+?) nor\b", r"not \1 and"),
    (r"\b(?:keep|leav|hold)\w*\b(.+?)\b(?:same|unchanged|constant|fixed|alone|as (?:it|they) "
     r"(?:is|are))\b", r"not change\1"),
    (r"\b(?:keep|preserve)s?\b(?! \w+ing\b)", "not change"),
    (r"\b(?:same|unchanged|constant|untouched|unaffected)\b", "not change"),
    (r"(?:\bmakes? )?\b(?:no|little|nothing)(?: visible| measurable| clear| real)? "
     r"(?:effect|influence|impact|difference|to do|relation)\b", "not change"),
    (r"\b(?:independent of|unrelated to|invariant to|insensitive to|ignores)\b", "not change"),
    (r"\b(light|lights|lit) (?:face|head|picture|image|it) from\b", r"\1 from"),
    (r"\b(to|towards?|on|at) (left|right) side\b", r"\1 \2"),
    (r"\b(?:without|nor)\b", ", not"),
    (r"\b(?:never|no|neither|nothing|hardly|barely|scarcely)\b", "not"),
)  # fmt: skip

ONLY = "only|solely|exclusively|purely|just|nothing (?:but|else|except)|anything but"
COMPARED = "most|strongest|more than any|more than every"
QUESTION = "do|does|did|is|are|can|could|will|would|why|what|which|who|how|should"
CLAUSES = r"[,;.]|\b(?:and|but|while|yet|although|though|plus)\b"

MORE = ("more", "higher", "greater", "stronger", "up")
LESS = ("less", "lower", "fewer", "weaker", "down")
RISE = ("increase", "raise", "add", "strengthen", "boost", "enhance", "rise", "grow", "intensify")
FALL = ("decrease", "reduce", "weaken", "remove", "lose", "fall", "drop", "diminish", "lessen")
LOWERED = (  # moves of the element itself that turn the claim round
    r"(?:lowering|decreasing|reducing|lower|smaller|negative)(?: values? of)? ELEMENT",
    r"(?:when|if|as) ELEMENT (?:goes down|decreases|falls|drops|is (?:lowered|decreased|reduced))",
    r"ELEMENT -=? ?[\d.]+(?: ?\*? ?sd)?",
)
RAISED = (
    r"(?:raising|increasing|higher|larger|positive)(?: values? of)? ELEMENT",
    r"(?:when|if|as) ELEMENT (?:goes up|increases|rises|grows|is (?:raised|increased))",
    r"ELEMENT \+=? ?[\d.]+(?: ?\*? ?sd)?",
)

CHANGE = (  # behind these "light" is what is changed, and says no direction
    "change", "control", "affect", "influence", "alter", "encode", "represent", "set", "adjust",
    "determine", "govern", "drive", "modulate", "regulate", "is", "are", "stand", "capture",
    "describe", "correspond", "relate", "effect", "impact", "responsible", "about", "vary",
)  # fmt: skip
CAUSE = (
    "make", "turn", "become", "get", "look", "appear", "give", "produce", "cause", "let", "render",
    "go", "goes", "show",
)  # fmt: skip
MOTION = ("move", "shift", "slide", "push", "rotate", "bring", "put")
TARGET = ("from", "to", "toward", "towards", "into")
EFFECT = ("effect", "effects", "influence", "impact")
EITHER = ("how", "whether")
DEGREE = (
    "slightly", "strongly", "clearly", "somewhat", "very", "considerably", "heavily", "visibly",
    "noticeably", "absolutely", "really", "greatly", "quite", "much", "far",
)  # fmt: skip
MAIN = ("mainly", "mostly", "primarily", "chiefly", "predominantly")
EMPTY = (  # words that carry nothing here
    "ELEMENT", "it", "its", "this", "that", "they", "them", "their", "there", "does", "do", "did",
    "has", "have", "be", "will", "also", "both", "any", "of", "in", "on", "at",
    "with", "for", "by", "upon", "picture", "image", "photo",
    "photograph", "portrait", "frame", "face", "head", "person", "people", "subject",
    "tone", "amount", "level", "degree", "quantity", "overall", "whole", "entire", "direction",
    "value",
)  # fmt: skip
MODIFIERS = (MORE, LESS, RISE, FALL)
VERBS = (CHANGE, CAUSE, MOTION, RISE, FALL)
UNDERSTOOD = (*MODIFIERS, *VERBS, TARGET, EITHER, DEGREE, MAIN, EMPTY, ("not", "or"))
