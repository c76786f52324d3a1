import io
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image, ImageSequence

from conftest import edit_results
from zatlas.errors import InputError
from zatlas.evidence.records import ClaimAnswer, ElementEffect, Estimate, PropertyEffect
from zatlas.figures.curves import loss_curves
from zatlas.figures.diagram import diagram
from zatlas.figures.elements import claim_page, element_page
from zatlas.figures.plate import differences, edits_plate
from zatlas.figures.strip import animation, sheet, strip
from zatlas.figures.style import MARGIN, page, png, save, show, wide, wrap
from zatlas.models.model_file import model_from, presets
from zatlas.run.history import HistoryRow

SVG = "{http://www.w3.org/2000/svg}"


def pictures(*shape: Any, seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def drawn(figure: Any) -> Any:
    """What a figure looks like, uint8 (height, width, 3)."""
    return np.array(Image.open(io.BytesIO(png(figure))).convert("RGB"))


def found(picture: Any, zoom: Any, ground: Any) -> Any:
    """Whether the picture, each pixel zoom wide, stands somewhere on the ground, byte for byte."""
    large = picture.repeat(zoom, 0).repeat(zoom, 1)
    windows = np.lib.stride_tricks.sliding_window_view(ground, large.shape[:2], (0, 1))
    corner = windows[..., 0, 0]
    places = np.argwhere((corner == large[0, 0]).all(-1))
    height, width = large.shape[:2]
    return any((ground[y : y + height, x : x + width] == large).all() for y, x in places)


@pytest.mark.parametrize("zoom", [1, 2, 3, 5])
@pytest.mark.parametrize(("left", "top"), [(0, 0), (7, 13), (101, 33)])
def test_a_pixel_is_a_square_of_whole_pixels(zoom: Any, left: Any, top: Any) -> None:
    picture = pictures(28, 20, 3)
    figure, axes = page(331, 257 - MARGIN)
    show(axes, picture, left, top, zoom)
    image = drawn(figure)
    assert image.shape == (257, 331, 3)
    height, width = 28 * zoom, 20 * zoom
    expected = picture.repeat(zoom, 0).repeat(zoom, 1)
    np.testing.assert_array_equal(image[top : top + height, left : left + width], expected)
    image[top : top + height, left : left + width] = 255
    assert (image == 255).all()


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("edits", [1, 5])
@pytest.mark.parametrize(("height", "width", "channels"), [(28, 28, 1), (64, 48, 3), (128, 128, 3)])
def test_a_plate_shows_every_picture_as_it_is(
    count: Any, edits: Any, height: Any, width: Any, channels: Any
) -> None:
    shape = (count, height, width, channels)
    parts = [pictures(*shape, seed=seed) for seed in range(edits + 2)]
    results = edit_results(
        parts[0], parts[1], parts[2:], "latent[:,3], latent[:,1000] = 2, 8",
        ["+2.0 sd", "a longer note that needs more than one line"],
    )  # fmt: skip
    figure = edits_plate(results, range(count), "zatlas edit runs/a --out plate.png")
    image = drawn(figure)
    target = 192 if edits < 5 else 128
    zoom = max(1, target // max(height, width))
    for part in parts:
        assert found(np.broadcast_to(part[-1], (height, width, 3)), zoom, image)


def test_differences_are_against_the_reconstruction_on_one_scale() -> None:
    originals = np.full((2, 4, 4, 3), 255, np.uint8)
    reconstructions = np.full((2, 4, 4, 3), 100, np.uint8)
    brighter, darker = reconstructions + np.uint8(40), reconstructions.copy()
    darker[1, 0, 0] = (70, 100, 100)
    maps, scale = differences(reconstructions, [brighter, darker])
    assert maps.shape == (2, 2, 4, 4)
    assert (maps[0] == 40).all()
    assert maps[1, 1, 0, 0] == -10
    assert np.count_nonzero(maps[1]) == 1
    assert scale == 40
    # a hundred grey levels between original and reconstruction leave no trace in the map
    unchanged = edit_results(originals, reconstructions, [reconstructions], "z *= 1")
    figure = edits_plate(unchanged, [0, 1])
    assert differences(reconstructions, [reconstructions])[1] == 0
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert "no edit changes a grey level" in " ".join(texts)


def test_the_plate_prints_its_scale_and_its_command() -> None:
    before = np.full((1, 16, 16, 3), 100, np.uint8)
    results = edit_results(before, before, [before + np.uint8(83)], notes=["+2.0 sd"])
    figure = edits_plate(results, [7], 'zatlas edit runs/a "z[0] *= $2$"')
    texts = [text.get_text() for text in figure.axes[0].texts]
    for expected in ("−83", "+83", "image 7", "z[0] *= 2", "+2.0 sd"):
        assert expected in texts
    assert '$ zatlas edit runs/a "z[0] *= $2$"' in " ".join(texts)


def test_a_plate_without_edits_shows_reconstructions_alone() -> None:
    before = pictures(2, 16, 16, 3)
    figure = edits_plate(edit_results(before, before), [0, 1])
    assert found(before[1], 12, drawn(figure))


def test_a_plate_refuses_parts_that_do_not_belong_together() -> None:
    before = pictures(2, 8, 8, 3)
    with pytest.raises(InputError, match="1 rows of 2 images"):
        edits_plate(edit_results(before, before), [0])
    with pytest.raises(InputError, match=r"\(1, 8, 8, 3\)"):
        edits_plate(edit_results(before, before[:1]), [0, 1])
    with pytest.raises(InputError, match="C 1 or 3"):
        show(page(20, 20)[1], np.zeros((4, 4, 2), np.uint8), 0, 0, 1)


def test_a_strip_marks_the_own_code() -> None:
    steps = pictures(2, 5, 16, 16, 3)
    labels = ["−3 sd", "−1.5 sd", "0 sd", "+1.5 sd", "+3 sd"]
    figure = strip(steps, labels, marked=[2], names=["z[0]", "z[3]"], title="image 0")
    image = drawn(figure)
    for row in range(2):
        for step in range(5):
            assert found(steps[row, step], 8, image)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts.count("own code") == 1
    assert found(steps[0, 0], 8, drawn(strip(steps[:1], labels, marked=[0, 4], names=[""])))
    assert len(figure.axes[0].patches) == 2  # a frame in each row
    with pytest.raises(InputError, match="4 labels"):
        strip(steps, labels[1:], names=["z[0]", "z[3]"])


def test_a_sheet_shows_every_sample() -> None:
    samples = pictures(7, 32, 32, 1)
    image = drawn(sheet(samples, command="zatlas sample runs/a"))
    for sample in samples:
        assert found(np.broadcast_to(sample, (32, 32, 3)), 4, image)


def test_an_animation_keeps_grey_pictures_exactly_and_size_and_order(tmp_path: Path) -> None:
    grey = pictures(6, 16, 20, 1)
    animation(grey, tmp_path / "a.gif", zoom=3)
    with Image.open(tmp_path / "a.gif") as file:
        frames = [np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(file)]
    assert len(frames) == 6
    for frame, picture in zip(frames, grey[..., 0], strict=True):
        np.testing.assert_array_equal(frame, picture.repeat(3, 0).repeat(3, 1))
    with pytest.raises(InputError, match=r"written as \.gif"):
        animation(grey, tmp_path / "a.mp4")


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_same_figure_is_the_same_bytes(tmp_path: Path, suffix: Any) -> None:
    for name in ("a", "b"):
        save(sheet(pictures(2, 8, 8, 3), command="zatlas sample"), tmp_path / f"{name}.{suffix}")
    assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"a.{suffix}", f"b.{suffix}"]


def test_a_figure_in_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.jpg: figures are written as \.png"):
        save(sheet(pictures(1, 8, 8, 3)), tmp_path / "a.jpg")


def test_wrapping_keeps_every_letter_and_the_width() -> None:
    text = "latent[:,3], latent[:,1000] = 2, 8 and_one_word_that_is_much_longer_than_a_line"
    lines = wrap(text, 128, 15, mono=True)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(wide(line, 15, mono=True) <= 128 for line in lines)


def test_loss_curves_mark_the_best_epoch_and_choose_their_axis() -> None:
    def row(epoch: Any, train: Any, valid: Any) -> Any:
        return HistoryRow(epoch=epoch, train_loss=train, valid_loss=valid, terms={},
                          images_per_second=1.0, seconds=1.0)  # fmt: skip

    def first(points: Any) -> Any:
        return points[0]

    rows = [row(e, 0.1 + 0.1 / e, 0.1 + abs(e - 6) / 100) for e in range(1, 11)]
    axes = loss_curves(rows).axes[0]
    assert axes.get_yscale() == "linear"
    marked = axes.lines[2]
    assert (first(marked.get_xdata()), first(marked.get_ydata())) == (6, pytest.approx(0.1))
    assert first(loss_curves(rows, best_epoch=3).axes[0].lines[2].get_xdata()) == 3
    steep = [row(e, 2.0**-e, 2.0**-e) for e in range(1, 11)]
    assert loss_curves(steep).axes[0].get_yscale() == "log"
    assert len(png(loss_curves(rows[:1]))) > 1000


STEPS = (-2.0, -1.0, 0.0, 1.0, 2.0)


def property_effect(name: Any, mean_sd: Any) -> Any:
    end = None if mean_sd is None else mean_sd + 0.05
    return PropertyEffect(
        name=name, unit="L*", up="lighter", down="darker",
        finding="directed" if abs(mean_sd or 0.0) >= 0.2 else "small",
        mean=2 * (mean_sd or 0.0), low=-0.1, high=0.1, mean_sd=mean_sd,
        low_sd=end, high_sd=end, d_z=0.5, agree=0.9, agree_low=0.8,
        agree_high=0.95, p=0.001, q=0.001, named=abs(mean_sd or 0.0) >= 0.2,
    )  # fmt: skip


def element_effect(n: Any = 40) -> Any:
    """The effect of an element on four properties, one of which does not vary in real images."""
    sizes = {"luminance": 0.8, "contrast": -0.3, "chroma": 0.05, "edge extent": None}
    effects = {name: property_effect(name, size) for name, size in sizes.items()}
    return ElementEffect(
        element=3, sd=1.5, sensitivity=4.0, n=n, size=6.0, size_low=5.0, size_high=7.0, peak=20.0,
        share=0.4, agreement=0.9, linearity=0.9, locality=0.1, centre=(8.0, 8.0), motion=None,
        sweep_n=n, steps=STEPS, curve=np.ones((5, 4)), lines=tuple(np.ones((2, 5, 4))),
        effects=effects,
    )  # fmt: skip


def texts_of(figure: Any) -> Any:
    return [text.get_text() for text in figure.axes[0].texts]


def test_the_figure_of_an_element_shows_its_sweep_its_maps_and_every_effect() -> None:
    sweep = pictures(2, 5, 16, 16, 3)
    effect, zero = element_effect(), np.zeros((16, 16, 3))
    figure = element_page(effect, sweep, zero[..., 0], zero, faces=["image 7", "image 9"])
    image = drawn(figure)
    for row in range(2):
        for step in range(5):
            assert found(sweep[row, step], 8, image)  # 128 pixels wide: usage D
    texts = texts_of(figure)
    assert {"image 7", "own code", "+2 sd", *effect.effects} <= set(texts)
    assert "0" in " ".join(texts)
    with pytest.raises(InputError, match=r"give 1 images at 5 steps"):
        element_page(effect, sweep, zero[..., 0], zero, faces=["image 7"])


def test_the_figure_of_an_element_says_what_its_effects_are() -> None:
    effect = element_effect()
    part = Estimate(value=3.0, low=2.0, high=4.0, value_sd=0.3, low_sd=0.2, high_sd=0.4)
    changed = {
        "luminance": {"finding": "either way", "even": part},
        "contrast": {"finding": "opposite", "named": False, "rms": part, "rises": 0.6},
        "chroma": {"drawn": False},
        "edge extent": {"finding": "one way", "forward": part, "named": True},
    }
    effects = {name: effect.effects[name].model_copy(update=new) for name, new in changed.items()}
    zero = np.zeros((16, 16, 3))
    figure = element_page(effect.model_copy(update={"effects": effects}), pictures(1, 5, 16, 16, 3),
                          zero[..., 0], zero, faces=["image 7"])  # fmt: skip
    assert {
        "+3 L*; either way", "3 L*; up in 60 % of images", "+0.1 L*; not drawn by the network",
        "+3 L*; upwards only",
    } <= set(texts_of(figure))  # fmt: skip


def test_no_sentence_of_a_figure_touches_its_right_edge() -> None:
    """Usage A11: letters are drawn up to 2 % wider than the outlines that `wrap` measures."""
    effect = element_effect(n=123456789)
    figure = element_page(effect, pictures(1, 5, 16, 16, 3), np.zeros((16, 16)),
                          np.zeros((16, 16, 3)), faces=["image 7"])  # fmt: skip
    assert (drawn(figure)[:, -MARGIN // 2 :] == 255).all()


def test_the_figure_of_a_claim_shows_what_it_speaks_of() -> None:
    answer = ClaimAnswer(claim="element 3 is $colour$", word="refuted", reason="too small",
                         stands_for="'colour' is read as chroma", meant=("chroma",),
                         sentence="")  # fmt: skip
    figure = claim_page(answer, element_effect())
    texts = {"“element 3 is $colour$”", "refuted: too small.", "'colour' is read as chroma."}
    assert texts | {"chroma"} <= set(texts_of(figure))
    (bold,) = [text for text in figure.axes[0].texts if text.get_text() == "chroma"]
    assert bold.get_fontproperties().get_weight() == "bold"


def test_a_notebook_shows_every_figure() -> None:
    for figure in (
        sheet(pictures(2, 8, 8, 3)),
        claim_page(
            ClaimAnswer(
                claim="a", word="refuted", reason="b", stands_for="", meant=(), sentence=""
            ),
            element_effect(),
        ),
    ):
        assert figure._repr_png_() == png(figure)


def three_encoders(bottleneck: Any = "plain") -> Any:
    lists = [[f"Linear(192, {8 * i})", "ReLU()", f"Linear({8 * i}, {i})"] for i in (1, 2, 3)]
    data = {
        "image": [3, 8, 8], "encoders": lists, "bottleneck": bottleneck,
        "decoder": ["Linear(6, 192)", "Tanh()"],
    }  # fmt: skip
    return model_from(data, "three").architecture()


def classes(root: Any) -> Any:
    return [element.get("class") for element in root.iter()]


def words(root: Any) -> Any:
    return [element.text for element in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("name", sorted(presets()))
def test_the_diagram_of_every_preset_shows_the_layer_table(name: Any) -> None:
    architecture = presets()[name].architecture()
    root = ElementTree.fromstring(diagram(architecture, '<&> "title"'))
    shown = words(root)
    assert '<&> "title"' in shown
    for row in architecture.rows:
        assert "×".join(map(str, row.shape)) in shown or row.call.name in ("Flatten", "Unflatten")
    counts: list[Any] = [e.text for e in root.iter(f"{SVG}text") if e.get("class") == "zd-muted"]
    numbers = [int(text.replace(",", "")) for text in counts if text.replace(",", "").isdecimal()]
    assert sum(numbers) == architecture.parameters
    assert not any("http" in value for e in root.iter() for value in e.attrib.values())


def test_the_diagram_marks_elements_and_joins_encoders() -> None:
    root = ElementTree.fromstring(diagram(three_encoders(), "three", marked=[1, -1]))
    assert classes(root).count("zd-cell") == 4
    assert classes(root).count("zd-marked") == 2
    assert {"encoder 1", "encoder 2", "encoder 3", "decoder", "code z"} <= set(words(root))


def test_the_diagram_of_a_wide_code_shows_what_is_marked() -> None:
    model = model_from({"encoder": ["Linear(12288, 1024)", "ReLU()"]}, "shallow")
    root = ElementTree.fromstring(diagram(model.architecture(), "shallow", marked=[3, 1000]))
    shown = words(root)
    assert [word for word in shown if word and word.isdecimal()][-7:-1]
    for cell in ("0", "3", "1000", "1023"):
        assert cell in shown
    assert "500" not in shown


@pytest.mark.parametrize(
    "architecture",
    [
        three_encoders("gaussian"),
        model_from(
            {"image": [1, 8, 8], "encoder": ["Linear(64, 4)"], "bottleneck": "gaussian"}, "tiny"
        ).architecture(),
    ],
)
def test_the_diagram_of_a_gaussian_bottleneck_shows_mean_sd_noise_and_code(
    architecture: Any,
) -> None:
    """Usage C: the letters of courses and papers."""
    root = ElementTree.fromstring(diagram(architecture, "vae"))
    assert {"μ", "σ", "ε", "code z", "z = μ + σ·ε", "ε ~ N(0, 1)", "as log σ"} <= set(words(root))
