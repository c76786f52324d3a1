"""Pasted code: the five reports' networks as their authors pasted them, and what people write."""

import itertools
import json
import random
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from zatlas.errors import InputError
from zatlas.models.layers import LAYERS
from zatlas.models.pasted import read_pasted
from zatlas.syntax import parse_call

FOLDER = Path(__file__).parent / "pasted"
FIXTURES = {path.name: path.read_text("utf-8") for path in sorted(FOLDER.glob("R*"))}


def read(text: Any, name: Any = "pasted.py") -> Any:
    return read_pasted(text, name, LAYERS)


def calls(layers: Any) -> Any:
    return [parse_call(text, LAYERS) for text in layers]


def widths(layers: Any) -> Any:
    """The (in, out) of every layer with weights."""
    pairs = []
    for call in calls(layers):
        if call.name in ("Linear", "Conv2d", "ConvTranspose2d"):
            pairs.append(call.args[:2] or tuple(call.kwargs.values())[:2])
    return pairs


def chain(*numbers: Any) -> Any:
    return list(itertools.pairwise(numbers))


def parameters(model: Any) -> Any:
    """Counted from the layers' arguments, without torch."""
    total = 0
    for part in [*model.get("encoders", [model.get("encoder")]), model["decoder"]]:
        for call, text in zip(calls(part), part, strict=True):
            if call.name == "BatchNorm1d":
                total += 2 * call.args[0]
            elif pairs := widths([text]):
                kernel = call.args[2] ** 2 if len(call.args) > 2 else 1
                total += pairs[0][0] * pairs[0][1] * kernel + pairs[0][1]
    return total


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("R0.txt", 131_869_091),
        ("R1a.py", 55_893_043),
        ("R1d.py", 5_512_579),  # the repaired network's count; Conv2d has as many as its transpose
        ("R2.py", 26_574_656),
        ("R3.py", 25_179_136),
        ("R4.py", 25_739_146),
    ],
)
def test_the_reports_networks_have_their_parameters(name: Any, count: Any) -> None:
    assert parameters(read(FIXTURES[name], name).model) == count


NETWORKS = {
    "R0.txt": (
        [
            chain(12288, 3000, 3000, 1000, 1),
            chain(12288, 1000, 100, 100, 100, 1),
            chain(12288, 2500, 1500, 500, 100, 1),
        ],
        chain(3, 100, 500, 1500, 2500, 12288),
        {"BatchNorm1d", "ReLU"},
    ),
    "R1a.py": (
        [chain(12288, 2048, 1024, 512, 256, 128, 3)],
        chain(3, 12, 256, 512, 1024, 2048, 12288),
        {"ReLU"},
    ),
    "R1b.py": (
        [[*chain(12288, 1024, 128, 64, 32), (12, 3)]],
        [(3, 12), *chain(32, 64, 128, 1024, 12288)],
        {"ReLU"},
    ),
    "R1c.py": (
        [[*chain(12288, 512, 128, 64, 32), (12, 3)]],
        [(3, 12), *chain(32, 64, 128, 512, 12288)],
        {"ReLU"},
    ),
    "R1d.py": ([chain(3, 64, 128, 256, 512)], chain(512, 256, 128, 64, 3), {"ReLU"}),
    "R2.py": (
        [chain(12288, 1024, 512, 256, 128, 64)],
        chain(64, 128, 256, 512, 1024, 12288),
        {"LeakyReLU"},
    ),
    "R3.py": ([chain(12288, 1024)], chain(1024, 12288), {"ReLU"}),
    "R4.py": ([chain(12288, 1024, 256, 64, 10)], chain(10, 64, 256, 1024, 12288), {"ReLU"}),
}


@pytest.mark.parametrize("name", FIXTURES)
def test_the_reports_networks_are_read_as_they_stand(name: Any) -> None:
    model = read(FIXTURES[name], name).model
    encoders, decoder, inner = NETWORKS[name]
    lists = model["encoders"] if len(encoders) > 1 else [model["encoder"]]
    assert [widths(layers) for layers in lists] == encoders
    assert widths(model["decoder"]) == decoder
    assert model["decoder"][-1] == "Tanh()"
    assert model["image"] == [3, 64, 64]
    assert model["bottleneck"] == "plain"
    others = {call.name for layers in lists for call in calls(layers)} - {"Linear", "Conv2d"}
    assert others == inner


def test_a_fault_of_the_pasted_network_is_kept() -> None:
    decoder = read(FIXTURES["R1d.py"]).model["decoder"]
    assert decoder[0] == "Conv2d(512, 256, 4, stride=2, padding=1)"
    assert decoder[2] == "ConvTranspose2d(256, 128, 4, stride=2, padding=1)"


def test_a_printout_reads_alike_with_and_without_line_numbers() -> None:
    numbered = FIXTURES["R0.txt"]
    lines = [line.lstrip("0123456789") for line in numbered.splitlines()[1:]]
    assert lines[2].startswith("     (0): Linear(in_features=12288")
    assert read("\n".join(lines)) == read(numbered)
    assert read("\r\n".join(f"{n}:{line}" for n, line in enumerate(lines, 7))) == read(numbered)


def test_several_encoders_are_said_to_be_concatenated() -> None:
    said = read(FIXTURES["R0.txt"]).assumptions[1]
    assert said == (
        "the outputs of encoder1, encoder2, encoder3 are concatenated in this order "
        "(what was pasted does not say)"
    )
    source = paste(
        "self.encoder_b = nn.Linear(12288, 1)",
        "self.encoder_a = nn.Linear(12288, 2)",
        "self.decoder = nn.Linear(3, 12288)",
    )
    source += "    def forward(self, x):\n        codes = [self.encoder_b(x), self.encoder_a(x)]\n"
    source += "        return self.decoder(torch.cat(codes, 1))\n"
    pasted = read(source)
    assert pasted.model["encoders"] == [["Linear(12288, 1)"], ["Linear(12288, 2)"]]
    assert pasted.assumptions[1] == (
        "the outputs of encoder_b, encoder_a are concatenated in this order "
        "(its source concatenates)"
    )


class Everything(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Sequential(
                nn.Conv2d(3, 8, 3, padding="same", padding_mode="reflect", bias=False),
                nn.BatchNorm2d(8),
                nn.LeakyReLU(0.1, inplace=True),
            ),
            nn.MaxPool2d(2),
            nn.GroupNorm(2, 8),
            nn.AdaptiveAvgPool2d((4, 4)),
            nn.Flatten(),
            nn.LayerNorm(128),
            nn.Dropout(0.25),
            nn.Linear(128, 5),
            nn.GELU(),
        )
        self.decoder = nn.Sequential(
            nn.Linear(5, 16),
            nn.PReLU(),
            nn.Unflatten(1, torch.Size([1, 4, 4])),
            nn.Upsample(scale_factor=4, mode="bilinear"),
            nn.ConvTranspose2d(1, 3, 4, stride=4, output_padding=0),
            nn.Hardtanh(),
        )


def test_what_torch_prints_reads_back_as_the_same_layers() -> None:
    model = Everything()
    pasted = read(str(model)).model
    first, *rest = model.encoder
    assert isinstance(first, nn.Sequential)
    inner = [*first, *rest]
    for printed, layers in ((pasted["encoder"], inner), (pasted["decoder"], model.decoder)):
        made = [getattr(nn, c.name)(*c.args, **c.kwargs) for c in calls(printed)]
        assert [str(layer).replace("torch.Size([1, 4, 4])", "(1, 4, 4)") for layer in layers] == [
            str(layer) for layer in made
        ]


def paste(*lines: Any, before: Any = "", arguments: Any = "self") -> Any:
    """Class source with these lines in ``__init__``."""
    body = "".join(f"        {line}\n" for line in ("super().__init__()", *lines))
    return f"{before}class Net(nn.Module):\n    def __init__({arguments}):\n{body}"


ENCODER = "self.encoder = nn.Sequential(nn.Linear(12288, 9), nn.ReLU())"
DECODER = "self.decoder = nn.Sequential(nn.Linear(9, 12288), nn.Tanh())"


@pytest.mark.parametrize(
    "sequential",
    [
        "nn.Sequential(*[nn.Linear(12288, 9), nn.ReLU()])",
        "torch.nn.Sequential(nn.Linear(12288, 9), *(nn.ReLU(),))",
        "nn.Sequential(OrderedDict([('fc', nn.Linear(12288, 9)), ('act', nn.ReLU())]))",
        "nn.Sequential(collections.OrderedDict((('fc', Linear(12288, 9)), ('act', ReLU()))))",
        "Sequential(nn.Sequential(nn.Linear(12288, 9)), nn.ReLU())",
    ],
)
def test_every_form_of_a_sequential(sequential: Any) -> None:
    model = read(paste(f"self.encoder = {sequential}", DECODER)).model
    assert model["encoder"] == ["Linear(12288, 9)", "ReLU()"]


def test_names_of_constants_are_looked_up() -> None:
    text = paste(
        "self.wide = wide",
        "half: int = wide // 2",
        "self.enc_dim = 12",
        "self.encoder: nn.Module = nn.Sequential(",
        "    nn.Linear(SIDE * SIDE * 3, self.wide), nn.Linear(wide, half),",
        "    nn.Linear(half, self.enc_dim), nn.Linear(self.enc_dim, latent))",
        "self.decoder = nn.Sequential(nn.Linear(latent, 12288, bias=bias), nn.Softplus(self.beta))",
        before="SIDE = 64\nwide = 7\n",
        arguments="self, latent=10, *, wide: int = 512, bias=False",
    ).replace("    def __init__", "    beta = 2.0\n\n    def __init__", 1)
    pasted = read(text + "\nlatent = 99\nz[0] *= 2\n")
    assert pasted.model["encoder"][0] == "Linear(12288, 512)"
    assert widths(pasted.model["encoder"]) == chain(12288, 512, 256, 12, 10)
    assert pasted.model["decoder"] == ["Linear(10, 12288, bias=False)", "Softplus(2.0)"]
    assert pasted.assumptions[1] == (
        "Net is made with the defaults of its arguments: latent=10, wide=512, bias=False"
    )


def test_an_indented_paste_and_a_module_with_other_classes() -> None:
    other = (
        "class Data(Dataset):\n    def __init__(self):\n        self.layer = nn.Linear(2, 2)\n\n"
    )
    text = "import torch\nfrom torch import nn\n\n" + other + paste(ENCODER, DECODER)
    text += "    def forward(self, x):\n        return self.decoder(self.encoder(x))\n"
    text += "\nmodel = Net().cuda()\nmodel.load_state_dict(torch.load('x'))\nz[0][0] *= 2\n"
    indented = "".join("    " + line for line in text.splitlines(keepends=True))
    assert read(indented) == read(text)
    assert read(text).model["title"] == "Net, pasted"


@pytest.mark.parametrize(
    ("first", "image"),
    [
        ("Linear(3*32*32, 9)", [3, 32, 32]),
        ("Linear(784, 9)", [1, 28, 28]),
        ("Linear(in_features=12288, out_features=9)", [3, 64, 64]),
        ("Linear(5000, 9)", [3, 64, 64]),
        ("Conv2d(1, 8, 3)", [1, 64, 64]),
        ("Conv2d(in_channels=4, out_channels=8, kernel_size=3)", [4, 64, 64]),
        ("ReLU()", [3, 64, 64]),
    ],
)
def test_the_image_is_what_the_first_layer_tells(first: Any, image: Any) -> None:
    text = paste(f"self.encoder = nn.Sequential(nn.Flatten(), nn.{first})", DECODER)
    pasted = read(text)
    assert pasted.model["image"] == image
    assert pasted.assumptions[0].startswith(f"the image is {image[0]}×{image[1]}×{image[2]}")


# what is pasted: (the line, words of the error)
REFUSED = {
    paste(ENCODER.replace("Linear", "Linaer"), DECODER): (4, "did you mean 'Linear'?"),
    paste(ENCODER, DECODER.replace("9,", "latent,")): (5, "'latent' is not known"),
    paste(ENCODER, DECODER.replace("9,", "n,"), before="n = 9\n", arguments="self, n"): (3, "'n'"),
    paste("n = 9", "n = n + m", ENCODER.replace("9)", "n)"), DECODER): (5, "'m' is not known"),
    paste("n = 9", "if big: n = 10", ENCODER.replace("9)", "n)"), DECODER): (5, "'big'"),
    paste(ENCODER, DECODER, before="n = 'a'\n").replace("9)", "n*2)"): (5, "arithmetic of numbers"),
    paste(ENCODER, DECODER, "self.fc_mu = nn.Linear(9, 9)"): (6, "in no encoder or decoder"),
    paste(ENCODER, "if deep:", f"    {DECODER}"): (5, "'deep' is not known"),
    paste(ENCODER, DECODER, "self.dec2 = nn.ReLU()"): (1, "several decoders, decoder, dec2"),
    paste(ENCODER, "self.decoder = nn.Sequential()"): (1, "decoder has no layers"),
    paste(ENCODER, "self.decoder = Decoder(9)"): (5, "'Decoder' is not known"),
    paste(ENCODER, "self.decoder = nn.Sequential(*layers)"): (5, "'layers' is not known"),
    paste(ENCODER, "self.decoder = nn.Sequential(a=nn.ReLU())"): (5, "'Sequential' is not known"),
    paste(ENCODER, "self.decoder = nn.Sequential(OrderedDict(a))"): (5, "'a' is not known"),
    paste(ENCODER, "self.decoder = nn.ModuleList([nn.ReLU()])"): (1, "ModuleList has no forward"),
    paste(ENCODER, "self.decoder = __import__('os')"): (5, "'__import__' is not known"),
    paste(ENCODER, "self.decoder = os.system('ls')", before="import os\n"): (6, "os.system"),
    paste(ENCODER): (1, "no encoder and decoder"),
    paste("self.encoder = self.decoder = None"): (1, "no encoder and decoder"),
    paste(ENCODER, DECODER) + paste(ENCODER, DECODER).replace("Net", "Other"): (
        6,
        "Net (line 1), Other (line 6); keep one",
    ),
    "class Net:\n  def f(self:\n    pass": (2, "class"),
    "class Net:\n  x = '\0'": (2, "\\x00"),
    "class Net:\n  x = " + "(" * 150 + "1": (2, "class"),
    "class Net:\n  x = " + "-" * 150 + "1": (2, "nested"),
    "class Net:\n  x = " + "-" * 50_000 + "1": (1, "read"),
    "import torch.nn as nn\nencoder = nn.Sequential()": (1, "no encoder and decoder"),
    "": (1, "ends before"),
    "Net(\n  (encoder): Sequential(\n    (0): ReLU()\n  )\n": (5, "ends before its last bracket"),
    "1 Net(\n2   (encoder): Sequential(\n3     (0): RelU()\n": (3, "did you mean 'ReLU'?"),
    "Net(\n  (encoder): Sequential(\n    (0): Linear(in_features=x)\n": (3, "'x' is not known"),
    "Net(\n  (encoder): ModuleList(\n": (2, "'ModuleList' is not known"),
    "Net(\n  (fc): Linear(in_features=9, out_features=9, bias=True)\n)": (2, "in no encoder"),
    "Net(\n  (encoder): ReLU()\n  (decoder): ReLU()\n)\nTotal: 3": (5, "'Total: 3' is no part"),
    "Net(\n  (encoder): ReLU()\n)": (1, "no encoder and decoder"),
    "Net(\n  (encoder): Sequential(\n  )\n  (decoder): ReLU()\n)": (1, "encoder has no layers"),
    "hello\nworld": (1, "'hello' is no part of a printout"),
}


@pytest.mark.parametrize("text", REFUSED)
def test_everything_else_is_refused_with_its_line(text: Any) -> None:
    line, words = REFUSED[text]
    with pytest.raises(InputError) as caught:
        read(text)
    assert str(caught.value).startswith(f"pasted.py line {line}: ")
    assert words in str(caught.value)


def test_lists_and_modules_may_be_changed_after_they_are_made() -> None:
    text = paste(
        "layers = []",
        "for i, n in enumerate(SIZES[1:]):",
        "    layers += [nn.Linear(SIZES[i], n)]",
        "    if i % 2 == 0 and n != 9: layers.append(nn.ReLU())",
        "self.encoder = nn.Sequential(*layers)",
        "self.encoder.append(nn.Tanh())",
        "self.encoder[1] = nn.ELU()",
        DECODER,
        "self.decoder = nn.Sequential(nn.Linear(9, 12288), *[nn.Dropout(0.1 * i) for i in (1, 2)])",
        before="SIZES = [12288] + [50, 20] * 1 + [9]\n",
    )
    model = read(text).model
    assert model["encoder"] == [
        "Linear(12288, 50)", "ELU()", "Linear(50, 20)", "Linear(20, 9)", "Tanh()"
    ]  # fmt: skip
    assert model["decoder"] == ["Linear(9, 12288)", "Dropout(0.1)", "Dropout(0.2)"]


def test_a_printed_vae_has_its_heads() -> None:
    """Usage B3: ``print(model)`` of a VAE."""
    text = """VAE(
      (encoder): Sequential(
        (0): Linear(in_features=784, out_features=50, bias=True)
        (1): ReLU()
      )
      (fc_mu): Linear(in_features=50, out_features=4, bias=True)
      (fc_logvar): Linear(in_features=50, out_features=4, bias=True)
      (decoder): Sequential(
        (0): Linear(in_features=4, out_features=784, bias=True)
        (1): Sigmoid()
      )
    )"""
    pasted = read(text)
    assert pasted.model["bottleneck"] == "gaussian"
    assert pasted.model["range"] == [0.0, 1.0]
    assert pasted.model["encoder"][-1] == "Linear(in_features=50, out_features=4, bias=True)"
    with pytest.raises(InputError, match="one equal layer each"):
        read(text.replace("out_features=4", "out_features=5", 1))


def forward(*lines: Any, layers: Any = (ENCODER, DECODER)) -> Any:
    """Class source with these lines in ``forward``."""
    body = "".join(f"        {line}\n" for line in lines)
    return f"{paste(*layers)}    def forward(self, x):\n{body}"


# lines of forward, and the reason why they are refused; the line is 7, the first of forward
UNREAD = {
    "return self.decoder(self.encoder(x) * 2)": "changes the numbers of a tensor and is no layer",
    "return self.decoder(self.encoder(x).detach())": "'detach' is no layer that zatlas has",
    "return self.decoder(self.encoder(x + torch.randn_like(x)))": "arithmetic of tensors",
    "return self.decoder(self.encoder(x)[0])": "a part of a tensor is taken here",
    "return self.decoder(self.encoder(x.view(-1, 700)))": "3x64x64 cannot be seen as 700",
    "return self.decoder(self.encoder(x), y)": "'y' is not known",
    "return self.decoder(self.code(x))": "self.code' is not set",
    "return self.decoder(self.encoder(self.encoder(x)))": "used twice with the same weights",
    "return F.softmax(self.decoder(self.encoder(x)), 1)": "'softmax' is no layer",
    "return torch.einsum('bi->bi', self.decoder(self.encoder(x)))": "zatlas has no such layer",
    "while x.sum() > 0: x = self.encoder(x)\n        return x": "a statement of this kind",
    "return self.encoder(self.decoder(x))": "the encoder is called after the decoder",
    "return None": "forward returns no picture",
    "return self.forward(x)": "calls deeper than",
}


@pytest.mark.parametrize("line", UNREAD)
def test_what_no_layer_does_is_refused_with_its_reason(line: Any) -> None:
    with pytest.raises(InputError, match=UNREAD[line]) as caught:
        read(forward(line))
    assert re.match(r"pasted\.py line [17]: ", str(caught.value))
    assert len(str(caught.value)) < 160


def test_a_notebook_names_the_cell() -> None:
    """Usage B3: notebooks."""
    cells = ["%matplotlib inline\nimport torch", paste(ENCODER, DECODER.replace("Tanh", "Tnah"))]
    listed = [{"cell_type": "code", "source": cell.splitlines(True)} for cell in cells]
    listed.insert(1, {"cell_type": "markdown", "source": ["class Net: it is below"]})
    text = json.dumps({"cells": listed, "nbformat": 4})
    with pytest.raises(InputError, match=r"^a\.ipynb cell 3 line 5: 'Tnah'.*did you mean 'Tanh'"):
        read(text, "a.ipynb")
    assert read(text.replace("Tnah", "Tanh"), "a.ipynb").model["decoder"][-1] == "Tanh()"
    for broken in ("", "[]", "{}", '{"cells": 3}', '{"cells": [{}]}', "[" * 100_000, "\ud800"):
        with pytest.raises(InputError, match=r"^a\.ipynb (line 1|cell 1)"):
            read(broken, "a.ipynb")
    with pytest.raises(InputError, match="cell 1 line 1: .*written"):
        read('{"cells": []}', "a.ipynb")


# programs that would take very long or very much memory if they were run (robustness 8)
BOMBS = {
    "a tuple doubled": "\n".join(["a = (1, 1)", *["a = (a, a)"] * 40]),
    "a list doubled": "\n".join(["a = [1]", *["a = a + a"] * 40]),
    "a list extended by itself": "\n".join(["a = [1]", "b = a", *["b.extend(b)"] * 60]),
    "a list that holds itself": "a = [1]\nb = a\na.append(a)\nprint(f'{b}')\na = b",
    "a list repeated": "a = [1] * 10 ** 9",
    "a power of a power": "a = 9 ** 9 ** 9",
    "a long word": "a = 'a'\nfor i in range(900): a = a + a",
    "a word of a dictionary": "a = {}\nfor i in range(900): a = {1: a, 2: a}\nb = f'{a}'",
    "loops in loops": "a = 0\n" + "".join(f"{' ' * i}for i in range(1000):\n" for i in range(6))
    + " " * 6 + "a = a + 1",
    "a long range": "a = sum(range(10 ** 12))",
    "a comprehension": "a = [[[i for i in range(999)] for j in range(999)] for k in range(999)]",
    "a function that calls itself": "def a(n): return a(n) + a(n)\na = a(9)",
    "modules doubled": "a = nn.Sequential(nn.ReLU())\nfor i in range(50): a = nn.Sequential(a, a)",
    "a module that holds itself": "a = nn.Sequential()\na.append(a)\na = a",
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_no_program_takes_long_to_read(name: Any) -> None:
    """Robustness 8: sizes of values and numbers of steps are capped while constants are folded."""
    before = time.process_time()
    with pytest.raises(InputError) as caught:
        read(paste("self.encoder = nn.Sequential(nn.Linear(12288, a), a)", DECODER,
                   before=f"{BOMBS[name]}\n"))  # fmt: skip
    assert time.process_time() - before < 5
    assert len(str(caught.value)) < 200
    bomb = "\n".join(f"        {line}" for line in BOMBS[name].split("\n"))
    text = forward("return self.decoder(self.encoder(x))")
    before = time.process_time()
    with suppress(InputError):  # a bomb beside the network may be passed over
        read(text.replace("        super", f"{bomb}\n        super", 1))
    assert time.process_time() - before < 5


def test_a_long_training_loop_is_passed_over() -> None:
    loop = "for epoch in range(900):\n    for i in range(900):\n        n = i\n"
    assert read(f"{loop}{paste(ENCODER, DECODER)}{loop}").model["decoder"][-1] == "Tanh()"


def test_nothing_is_run(tmp_path: Path) -> None:
    trap = f"open({str(tmp_path / 'ran')!r}, 'w')"
    text = (
        f"{trap}\n"
        + paste(trap, f"self.x = {trap}", ENCODER, DECODER)
        + f"    y = {trap}\n{trap}\n"
    )
    assert read(text).model["encoder"] == ["Linear(12288, 9)", "ReLU()"]
    assert not (tmp_path / "ran").exists()


def test_too_long_a_file_is_refused() -> None:
    with pytest.raises(InputError, match=r"pasted\.py: longer than 200000 characters"):
        read("# x\n" * 60_000)


def test_a_damaged_paste_gives_a_network_or_one_error() -> None:
    draw = random.Random(7)
    sources = [*FIXTURES.values(), *REFUSED, str(Everything())]
    pieces = [
        "(",
        ")",
        "[",
        "\0",
        "\ud800",
        "\n",
        "self.",
        "nn.",
        "=",
        "'",
        "9" * 500,
        "\\",
        "😀",
        ":",
    ]
    outcomes = set()
    for _ in range(1500):
        text = draw.choice(sources)
        for _ in range(draw.choice((1, 1, 3))):
            place = draw.randrange(len(text) + 1)
            cut = place + draw.choice((0, 1, 5, 60))
            text = text[:place] + draw.choice(["", *pieces]) + text[cut:]
        try:
            message = ""
            assert read(text).model["decoder"]
        except InputError as error:
            message = str(error)
        message.encode()  # a terminal can print it
        assert message == "" or re.match(r"pasted\.py line \d+: .", message)
        assert len(message.splitlines()) <= 1
        outcomes.add(message == "")
    assert outcomes == {True, False}
