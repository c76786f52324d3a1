"""The two small languages: every form people type, every refusal with its column, any string."""

import keyword
import math
import random
import time
import warnings
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zatlas.errors import InputError
from zatlas.syntax import (
    CODES,
    Amount,
    Call,
    Edit,
    Operation,
    Source,
    format_call,
    parse_call,
    parse_edit,
)
from zatlas.syntax.source import LONGEST
from zatlas.syntax.values import LARGEST

ALL = slice(None)
LAYERS = ("Linear", "Conv2d", "ReLU", "LeakyReLU", "Unflatten", "mlp", "resnet")


def read(text: Any) -> Any:
    return [
        (done.index, done.op, done.amount.value, done.amount.unit)
        for done in parse_edit(text).operations
    ]


def format_edit(edit: Any) -> Any:
    """The edit in one line and in a standard form; it is parsed to the same operations."""
    return "; ".join(map(format_operation, edit.operations))


def format_operation(operation: Any) -> Any:
    index = ", ".join(map(format_index, operation.index))
    amount = format_number(operation.amount.value)
    match operation.amount.unit:
        case "sd":
            amount = f"{amount}*sd"
        case "quantile":
            amount = f"q({amount})"
    return f"{f'z[{index}]' if index else 'z'} {operation.op} {amount}"


def format_index(index: Any) -> Any:
    if not isinstance(index, slice):
        return repr(index)
    ends = [index.start, index.stop] + ([] if index.step is None else [index.step])
    return ":".join("" if end is None else str(end) for end in ends)


def format_number(value: Any) -> Any:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def number(index: Any, op: Any, value: Any) -> Any:
    return (index, op, value, "number")


EDITS = {
    "z[0] *= 2": [number((0,), "*=", 2)],
    "z[2] += 5": [number((2,), "+=", 5)],
    "z[-1] += 20": [number((-1,), "+=", 20)],
    "z -= 0.5": [number((), "-=", 0.5)],
    "z[:] /= 2": [number((ALL,), "/=", 2)],
    "z[3] = 2; z[1000] = 8": [number((3,), "=", 2), number((1000,), "=", 8)],
    "z[0:3] *= 3": [number((slice(0, 3),), "*=", 3)],
    "z[::2] = 0": [number((slice(None, None, 2),), "=", 0)],
    "z[-3:] = 0": [number((slice(-3, None),), "=", 0)],
    "z1[0][0] *= 2": [number((0, 0), "*=", 2)],
    "z2[0][2] += 5": [number((0, 2), "+=", 5)],
    "z[0, 0] *= 2": [number((0, 0), "*=", 2)],
    "z[0][1:3] = 4": [number((0, slice(1, 3)), "=", 4)],
    "z[5,:,:] *= 2": [number((5, ALL, ALL), "*=", 2)],
    "latent = latent + 0.5": [number((), "+=", 0.5)],
    "latent = 0.5 + latent": [number((), "+=", 0.5)],
    "latent = 2*latent": [number((), "*=", 2)],
    "latent = latent*2": [number((), "*=", 2)],
    "latent = latent - 1": [number((), "-=", 1)],
    "latent = latent/2": [number((), "/=", 2)],
    "z[0] = z[0]*2": [number((0,), "*=", 2)],
    "z[0] = z[ 0 ] * 2": [number((0,), "*=", 2)],
    "z[0] = -z[0]": [number((0,), "*=", -1)],
    "z = -z": [number((), "*=", -1)],
    "latent = 0": [number((), "=", 0)],
    "latent[:,3], latent[:,1000] = 2, 8": [
        number((ALL, 3), "=", 2),
        number((ALL, 1000), "=", 8),
    ],
    "(z[0], z[1]) = (2, sd)": [number((0,), "=", 2), ((1,), "=", 1, "sd")],
    "z[4] += 2*sd": [((4,), "+=", 2, "sd")],
    "z[4] -= sd": [((4,), "-=", 1, "sd")],
    "z[4] = -sd/2": [((4,), "=", -0.5, "sd")],
    "z[4] += sd*2": [((4,), "+=", 2, "sd")],
    "z[4] += -(3*sd)/4*2": [((4,), "+=", -1.5, "sd")],
    "z[4] = z[4] + 2*sd": [((4,), "+=", 2, "sd")],
    "z[4] = q(0.95)": [((4,), "=", 0.95, "quantile")],
    "z = q(1)": [((), "=", 1, "quantile")],
    'z["smile"] += 1*sd': [(("smile",), "+=", 1, "sd")],
    "z['微笑'] += 1*sd": [(("微笑",), "+=", 1, "sd")],
    'z[0]["smile"] += 1': [number((0, "smile"), "+=", 1)],
    "z[0] = 2;": [number((0,), "=", 2)],
    "  z[0] = 2  # double": [number((0,), "=", 2)],
    "z[0] = 2\n    z[1] = 3\r\n\tz[2] = 4": [
        number((0,), "=", 2),
        number((1,), "=", 3),
        number((2,), "=", 4),
    ],
    "z[0] = 1_000": [number((0,), "=", 1000)],
    "z[0x10] = 0x10": [number((16,), "=", 16)],
    "z[64//2-1] = (1+2)*3/4-1": [number((31,), "=", 1.25)],
    "z[0] = --2": [number((0,), "=", 2)],
    "z[0] = 1e-3": [number((0,), "=", 1e-3)],
}


@pytest.mark.parametrize("text", EDITS)
def test_every_form_of_an_edit_is_read_and_written(text: Any) -> None:
    assert read(text) == EDITS[text]
    assert read(format_edit(parse_edit(text))) == EDITS[text]


@pytest.mark.parametrize("name", [*CODES, "z1", "z23"])
def test_every_name_of_a_code(name: Any) -> None:
    assert read(f"{name}[1] *= 3; {name} = {name} + 1") == [
        number((1,), "*=", 3),
        number((), "+=", 1),
    ]


def test_an_edit_is_written_in_one_way() -> None:
    edit = parse_edit(
        "latent[:,3], z1[0][-1] = 2, -sd/2; z['a'] = q(.5)\nz = 2*z; h[1:6:2] -= 1e30"
    )
    assert format_edit(edit) == (
        "z[:, 3] = 2; z[0, -1] = -0.5*sd; z['a'] = q(0.5); z *= 2; z[1:6:2] -= 1e+30"
    )


def test_columns_count_characters_of_the_text_as_typed() -> None:
    text = "  z['微笑'] += 1; z[7] = 2\r\n  h[8] *= 3"
    columns = [done.column for done in parse_edit(text).operations]
    assert [text[column - 1 :][:3] for column in columns] == ["z['", "z[7", "h[8"]
    fault = Source("edit", text).fault(columns[2], "index 8 is beyond the code")
    assert str(fault) == "edit 'h[8] *= 3', line 2, column 3: index 8 is beyond the code"


# text: (the column, or the place of the last ⟨ in it), what the message must hold
REFUSED = {
    "z[0] *= x": (9, "'x' is not known here; write a number, 2*sd or q(0.95)"),
    "z['é'] *= x": (11, "'x' is not known"),
    "z[0] == 2": (6, "did you mean '='?"),
    "z[0] * 2": (6, "did you mean '*='?"),
    "z[0] + 2*sd": (6, "did you mean '+='?"),
    "z(0) = 2": (1, "square"),
    "z(0) *= 2": (1, "square"),
    "z[0.5] = 1": (3, "whole number, not 0.5"),
    "z[4/2] = 1": (3, "whole number"),
    "z[True] = 1": (3, "whole number"),
    "z[1, None] = 1": (6, "whole number"),
    "z[c,:,:] = 1": (3, "'c' is not known"),
    "z[...] = 1": (3, "'...' is not known"),
    "z[[0, 3]] = 1": (3, "not known"),
    "z[99999999999] = 1": (3, "whole number"),
    "z[::0] = 1": (5, "step"),
    "z[::-1] = 1": (5, "step"),
    "z[:][0] = 1": (6, "one bracket"),
    "z['a'][0] = 1": (8, "one bracket"),
    "z['a', 0] = 1": (3, "last"),
    "z[''] = 1": (3, "letters"),
    "z['a\\n'] = 1": (3, "letters"),
    "z[0] = q(95)": (10, "write q(0.95)"),
    "z[0] = q(-1)": (10, "write q(0.95)"),
    "z[0] = q()": (8, "one level"),
    "z[0] = q(sd)": (10, "not known"),
    "z[0] = 2*q(0.5)": (10, "q cannot be part of a sum"),
    "z[0] += q(0.5)": (9, "q goes with = alone"),
    "z[0] *= 2*sd": (9, "sd goes with = += -="),
    "z[0] /= sd": (9, "sd goes with = += -="),
    "z[0] = 2 + sd": (12, "sd cannot be part of a sum"),
    "z[0] = sd*sd": (11, "sd cannot be part of a sum"),
    "z[0] = 1/sd": (10, "sd cannot be part of a sum"),
    "z[1] += 5*std": (11, "did you mean 'sd'?"),
    "z[1] = quantile(0.5)": (8, "did you mean 'q'?"),
    "z[0] **= 2": (6, "= += -= *= /="),
    "z[0] //= 2": (6, "= += -= *= /="),
    "z[0] = z[0] ** 2": (13, "= += -= *= /="),
    "z[0] = 2 ** 8": (10, "+ - * / //"),
    "z[0] = 7 % 2": (10, "+ - * / //"),
    "z[0] =+ 5": (7, "to add, write +="),
    "z = 1 - z": (9, "z *= -1; z += 1"),
    "z[0] = 1 / z[0]": (12, "cannot be used here"),
    "z[0] = z[1]": (8, "cannot be used here"),
    "z[0] = z[0]*2 + 1": (8, "same place with one operation"),
    "z += z": (6, "cannot be used here"),
    "z1 = z + 1": (6, "cannot be used here"),
    "z.mean()": (2, "methods are not allowed"),
    "z[0] = z.mean()": (9, "methods are not allowed"),
    "z[0] = torch.tensor(5)": (13, "methods are not allowed"),
    "self.z[0] = 1": (1, "cannot be changed"),
    "x[0] *= 2": (1, "codes are called z"),
    "z[0] = 1/0": (10, "division by zero"),
    "z[0] /= 1 - 1": (9, "division by zero"),
    "z[0] = 1e999": (8, "too large"),
    "z[0] = 1e38*1e38": (8, "too large"),
    "z[0] = 3.5e38": (8, "too large"),
    "z[0] = " + "9" * 900: (8, "too large"),
    "z[0] = 0x" + "f" * 900 + " / 2": (8, "too large"),
    "z[0] = 1j": (8, "not known"),
    "z[0] = True": (8, "not known"),
    "z[0] = 'a'": (8, "not known"),
    "z[0] = 2, 8": (8, "not known"),
    "z[0], z[1] = 2": (14, "2 on the left, 1 on the right"),
    "z[0], z[1] = 2, 3, 4": (14, "2 on the left, 3 on the right"),
    "z[0] = z[1] = 2": (8, "one ="),
    "z[0] *= 2 z[1] *= 3": (11, "cannot be read"),
    "first element * 3": (7, "cannot be read"),
    "z[0] × 2": (6, "×"),
    "z[0] = 'a": (8, "unterminated"),
    "": (1, "nothing is written"),
    " \n ": (1, "nothing is written"),
    "# z[0] = 2": (1, "nothing is changed"),
    "z[0]": (1, "is not an edit"),
    "del z[0]": (1, "is not an edit"),
    "z: int = 2": (1, "is not an edit"),
    "import os": (1, "is not an edit"),
    "__import__('os').system('true')": (17, "methods are not allowed"),
    "lambda: z": (1, "is not an edit"),
    "f'{z}'": (1, "is not an edit"),
    "z\0[0] = 1": (2, "\\x00"),
    "z[0] = \ud800": (8, "\\ud800"),
    "z = " + "-" * 900 + "1": (33, "nested deeper"),
    "z = 1" + " + 1" * 200: (5, "nested deeper"),
    "z = " + "(" * 300 + "1": (205, "nested"),
    "z = 1" + " " * 3000: (1001, "longer than 1000"),
}


@pytest.mark.parametrize("text", REFUSED)
def test_every_refusal_points_at_its_column(text: Any) -> None:
    column, words = REFUSED[text]
    with pytest.raises(InputError) as caught:
        parse_edit(text)
    assert f"column {column}: " in str(caught.value)
    assert words in str(caught.value)


def test_a_refusal_is_one_line_that_quotes_the_text() -> None:
    with pytest.raises(InputError) as caught:
        parse_edit("z[0] *= x")
    assert str(caught.value) == (
        "edit 'z[0] *= x', column 9: 'x' is not known here; write a number, 2*sd or q(0.95)"
    )
    with pytest.raises(InputError, match="'z1 = y', line 2, column 9: 'y'"):
        parse_edit("z[0] *= 2\n   z1 = y")


@pytest.mark.parametrize("mark", ["*=", "+=", "-=", "/=", "="])
def test_arithmetic_in_an_amount_is_pythons(mark: Any) -> None:
    assert read(f"z[1] {mark} 2 - 3*(4 - 0.5)/7 + -1") == [number((1,), mark, -0.5)]


CALLS = {
    "Linear(3*64*64, 1024)": Call("Linear", (12288, 1024)),
    "nn.Conv2d(3, 64, 4, stride=2, padding=1)": Call(
        "Conv2d", (3, 64, 4), {"stride": 2, "padding": 1}
    ),
    "torch.nn.ReLU()": Call("ReLU"),
    " LeakyReLU(negative_slope=0.1) ": Call("LeakyReLU", (), {"negative_slope": 0.1}),
    "mlp(1024, 256, 64, 10)": Call("mlp", (1024, 256, 64, 10)),
    "Linear(64//2, 64*2-1, bias=False)": Call("Linear", (32, 127), {"bias": False}),
    "Unflatten(1, (256, 4, 4))": Call("Unflatten", (1, (256, 4, 4))),
    "Unflatten(dim=1, unflattened_size=[256, 4, 4])": Call(
        "Unflatten", (), {"dim": 1, "unflattened_size": (256, 4, 4)}
    ),
    "Conv2d(3, 8, (3, 5), padding='same', bias=True, device=None)": Call(
        "Conv2d", (3, 8, (3, 5)), {"padding": "same", "bias": True, "device": None}
    ),
    "Linear(\n  8, # in\n  4\n)": Call("Linear", (8, 4)),
    "LeakyReLU(-1e-05)": Call("LeakyReLU", (-1e-05,)),
}


@pytest.mark.parametrize("text", CALLS)
def test_every_form_of_a_layer_is_read_and_written(text: Any) -> None:
    call = parse_call(text, LAYERS)
    assert call == CALLS[text]
    assert [type(value) for value in call.args] == [type(value) for value in CALLS[text].args]
    assert parse_call(format_call(call), LAYERS) == call


def test_a_layer_is_written_as_people_type_it() -> None:
    assert format_call(parse_call("nn.Linear(3 * 64 * 64, 1024)", LAYERS)) == "Linear(12288, 1024)"
    assert format_call(Call("Conv2d", (3, 64), {"padding": "same"})) == (
        "Conv2d(3, 64, padding='same')"
    )


REFUSED_CALLS = {
    "Lnear(1, 2)": (1, "'Lnear' is not known; did you mean 'Linear'?"),
    "ReLU": (1, "write ReLU()"),
    "nn.functional.relu(3)": (1, "is not a layer"),
    "F.relu()": (1, "is not a layer"),
    "torch.Linear(3, 4)": (1, "is not a layer"),
    "nn.nn.Linear(3, 4)": (1, "is not a layer"),
    "Linear(a, 4)": (8, "'a' is not known here"),
    "Linear(a.b, 4)": (8, "'a.b' is not known here"),
    "Linear(3, 4, bias=x)": (19, "'x' is not known here"),
    "Linear(*[1, 2])": (8, "not known here"),
    "Linear(**{'a': 1})": (8, "given once"),
    "Linear(a=1, a=2)": (13, "given once"),
    "Linear(3, 4),": (1, "is not a layer"),
    "Linear(3, 4); ReLU()": (15, "one layer at a time"),
    "x = Linear(3, 4)": (1, "is not a layer"),
    "Linear(64**2, 3)": (10, "+ - * / //"),
    "Linear(64//0, 3)": (12, "division by zero"),
    "Linear(3": (7, "never closed"),
    "ReLU()()": (1, "is not a layer"),
    "Linear(ReLU())": (8, "not known here"),
    "Linear(b'a')": (8, "not known here"),
    "Linear('\\ud800')": (8, "letters"),
    "Linear(3, True + 1)": (11, "not known here"),
    "-ReLU()": (1, "is not a layer"),
    "": (1, "nothing is written"),
    "# ReLU()": (1, "is not a layer"),
    "Linear(" + "9" * 100 + ")": (8, "too large"),
    "Linear(" + "(1, " * 60 + ")" * 60 + ")": (113, "nested deeper"),
}


@pytest.mark.parametrize("text", REFUSED_CALLS)
def test_every_refused_layer_points_at_its_column(text: Any) -> None:
    column, words = REFUSED_CALLS[text]
    with pytest.raises(InputError) as caught:
        parse_call(text, LAYERS, "decoder layer 3")
    assert str(caught.value).startswith("decoder layer 3 ")
    assert f"column {column}: " in str(caught.value)
    assert words in str(caught.value)


def test_python_is_asked_quietly() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for text in ("z[0] = 1or 2", "z['\\d'] = 1", "z[0] = 0x1for 1"):
            judge_edit(text)
            judge_call(text)


# properties

indexes = st.one_of(
    st.integers(-(2**31) + 1, 2**31 - 1),
    st.builds(
        slice,
        st.none() | st.integers(-99, 99),
        st.none() | st.integers(-99, 99),
        st.none() | st.integers(1, 99),
    ),
)
names = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=9).filter(
    str.isprintable
)
finite = st.floats(-LARGEST, LARGEST)


@st.composite
def operations(draw: Any) -> Any:
    index = tuple(draw(st.lists(indexes, max_size=4)))
    if draw(st.booleans()):
        index += (draw(names),)
    op = draw(st.sampled_from(("=", "+=", "-=", "*=", "/=")))
    unit = draw(st.sampled_from(("number", "sd", "quantile")))
    if op in ("*=", "/=") or (unit == "quantile" and op != "="):
        unit = "number"
    value = draw(st.floats(0, 1) if unit == "quantile" else finite)
    return Operation(index, op, Amount(1.0 if op == "/=" and value == 0 else value, unit), 1)


@given(st.lists(operations(), min_size=1, max_size=5))
def test_what_is_written_reads_back(done: Any) -> None:
    text = format_edit(Edit("", tuple(done)))
    again = parse_edit(text).operations
    assert [(d.index, d.op, d.amount) for d in again] == [(d.index, d.op, d.amount) for d in done]
    assert format_edit(parse_edit(text)) == text


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | finite | names,
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=6,
)
words = st.from_regex(r"[a-z_]{1,8}", fullmatch=True).filter(lambda w: not keyword.iskeyword(w))


few_values = st.dictionaries(words, values, max_size=4)


@given(st.sampled_from(LAYERS), st.lists(values, max_size=4), few_values)
def test_a_layer_that_is_written_reads_back(name: Any, args: Any, kwargs: Any) -> None:
    call = Call(name, tuple(args), kwargs)
    text = format_call(call)
    assume(len(text) <= LONGEST)  # no longer layer is read
    assert repr(parse_call(text, LAYERS)) == repr(call)


@st.composite
def sums(draw: Any, depth: Any = 3) -> Any:
    """Arithmetic as text, and its value as Python computes it."""
    if depth == 0 or draw(st.booleans()):
        value = draw(st.integers(0, 99))
        return str(value), value
    left, a = draw(sums(depth - 1))
    right, b = draw(sums(depth - 1))
    sign = draw(st.sampled_from("+-*"))
    return f"({left} {sign} {right})", {"+": a + b, "-": a - b, "*": a * b}[sign]


@given(sums())
def test_whole_numbers_stay_whole(pair: Any) -> None:
    text, value = pair
    call = parse_call(f"Linear({text}, -{text})", LAYERS)
    assert call.args == (value, -value)
    assert all(type(arg) is int for arg in call.args)
    assert read(f"z[0] = {text}") == [number((0,), "=", value)]


@given(st.text() | st.text("z[]()=+-*/;:,.0123456789 sdq'\"\n"))
def test_any_text_gives_a_value_or_one_error(text: Any) -> None:
    judge_edit(text)
    judge_call(text)


def judge_edit(text: Any) -> None:
    try:
        edit = parse_edit(text)
    except InputError as error:
        judge_error(error)
        return
    assert edit.operations
    for done in edit.operations:
        assert math.isfinite(done.amount.value)
        assert 1 <= done.column <= len(text)
    assert read(format_edit(edit)) == read(text)


def judge_call(text: Any) -> None:
    try:
        call = parse_call(text, LAYERS)
    except InputError as error:
        judge_error(error)
        return
    assert call.name in LAYERS
    assert parse_call(format_call(call), LAYERS) == call


def judge_error(error: Any) -> None:
    message = str(error)
    assert len(message) < 1000
    assert "column " in message
    assert message.isprintable()


SEEDS = [*EDITS, *EDITS, *EDITS, *CALLS, *CALLS, *CALLS, *REFUSED, *REFUSED_CALLS]
PIECES = [
    *"z[]()=+-*/;:,.#'\"\\\n\r\t {}@!%&|^~<>0123456789",
    "sd", "q(", "**", "//", "1e308", "9" * 400, "0x" + "f" * 300, "1_0", "1j", "z[0]", "lambda:",
    "if ", " else ", "for ", " in ", "not ", "await ", "yield ", "f'{", "b'", "nn.", "None", "True",
    "...", ":=", "==", "->", "\0", "\ud800", "\udfff", "\ufeff", "\u200b", "\xa0", "é", "微笑",
    "😀", "ｚ", "²", "−", "\x0c", "\u2028", "class a:", "import os", "z = ", "Linear(", "\x7f",
]  # fmt: skip


def mutated(draw: Any) -> Any:
    """One random or mutated string; the generator ``draw`` decides."""
    kind = draw.random()
    if kind < 0.02:
        return draw.choice(PIECES) * draw.randrange(1, 10_000)
    if kind < 0.05:
        opened = draw.choice(
            ["(", "[", "{", "z[", "q(", "-", "not ", "f(", "[z,", "(1+", "Linear("]
        )
        depth = draw.randrange(1, 400)
        closed = {"(": ")", "[": "]", "{": "}"}.get(opened[-1], "")
        return draw.choice(["", "z = ", "z[0] *= "]) + opened * depth + "1" + closed * depth
    if kind < 0.07:
        return "".join(map(chr, (draw.randrange(0x110000) for _ in range(draw.randrange(1, 60)))))
    if kind < 0.08:
        return draw.choice(SEEDS[:60]) + draw.choice(PIECES) + "x" * 10_000
    if kind < 0.25:
        return "".join(draw.choice(PIECES) for _ in range(draw.randrange(1, 40)))
    text = draw.choice(SEEDS)
    for _ in range(draw.choice((1, 1, 1, 2, 3, 6))):
        place, end = sorted((draw.randrange(len(text) + 1), draw.randrange(len(text) + 1)))
        match draw.randrange(6):
            case 0:
                text = text[:place] + text[place + 1 :]
            case 1:
                text = text[:place] + draw.choice(PIECES) + text[place:]
            case 2:
                text = text[:place] + draw.choice(PIECES) + text[place + 1 :]
            case 3:
                text = text[:end] + text[place:end] * draw.randrange(1, 4) + text[end:]
            case 4:
                text = text[:place] + text[end:]
            case 5:
                text = text + draw.choice(["; ", "\n", ", ", ""]) + draw.choice(SEEDS)
    return text


@pytest.mark.long
def test_a_hundred_thousand_hostile_strings() -> None:
    """Each gives a value or one InputError, and none takes 50 ms of the processor."""
    draw = random.Random(20)
    outcomes = {"edit": 0, "layer": 0, "refused": 0}
    for _ in range(100_000):
        text = mutated(draw)
        for name, parse in (("edit", parse_edit), ("layer", lambda t: parse_call(t, LAYERS))):
            outcome, seconds = timed(parse, text)
            if seconds > 0.05:  # the machine may have been busy
                seconds = min(timed(parse, text)[1] for _ in range(3))
            assert seconds < 0.05, f"{seconds:.3f} s for {text[:200]!r}"
            if isinstance(outcome, InputError):
                judge_error(outcome)
                outcomes["refused"] += 1
            else:
                outcomes[name] += 1
    assert outcomes["edit"] > 2_000  # the mutations do not all break the text
    assert outcomes["layer"] > 500


def timed(parse: Any, text: Any) -> Any:
    start = time.process_time()
    try:
        outcome = parse(text)
    except InputError as error:
        outcome = error
    return outcome, time.process_time() - start
