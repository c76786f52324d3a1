import html
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml
from markdown_it import MarkdownIt
from PIL import Image

from conftest import edit_results
from zatlas.errors import InputError
from zatlas.evidence.reconstruction import Metric, Reconstruction
from zatlas.evidence.records import ClaimAnswer, EditRecord, MovedElement
from zatlas.figures.plate import edits_plate
from zatlas.figures.strip import strip
from zatlas.models.model_file import adapt, presets
from zatlas.recipes.description import describe
from zatlas.report import markdown, sections
from zatlas.report.build import write_report
from zatlas.report.data import ReportData, RunReport
from zatlas.report.number_text import number, setting
from zatlas.report.sections import ImageSetRecord, PlateSectionRecord, TraversalRecord
from zatlas.run.history import HistoryRow

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
NUMBER = re.compile(r"[−-]?\d[\d,]*(?:\.\d+)?(?:e[+−-]?\d+)?")
UNITS = {"mse": "of pixels in [-1, 1]", "psnr": "dB", "ssim": "0 to 1", "sharpness": "1 is equal"}
# what a stranger may have written, and what it becomes if it is taken for markup
HOSTILE = (
    "<script>alert(1)</script> *a* _b_ `c` [d](http://e) # | <!-- &lt; ![x](y)\n\n# f\n- g\n---"
)
COMMAND = 'zatlas edit runs/<a> --images "b&c.npy" "z[0] *= 2"'


def pictures(*shape: Any, seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def measured(count: Any) -> Any:
    rng = np.random.default_rng(1)
    values = {name: rng.uniform(0.1, 1, count) for name in UNITS}
    metrics = {
        name: Metric(mean=v.mean(), interval=(v.min(), v.max()), unit=UNITS[name], per_image=v)
        for name, v in values.items()
    }
    return Reconstruction(n=count, metrics=metrics, best=0, median=1, worst=2)


def moved(element: Any, images: Any) -> Any:
    rng = np.random.default_rng(element)
    fields = ("before", "after", "sd", "percentile_before", "percentile_after")
    return MovedElement(element=element, **{name: rng.normal(size=images) for name in fields})


def edit(text: Any, moves: Any = (), assumptions: Any = ()) -> Any:
    return EditRecord(edit=text, assumptions=tuple(assumptions), elements=tuple(moves))


def a_plate(images: Any = "b&c.npy", command: Any = COMMAND) -> Any:
    shown = [pictures(2, 16, 16, 3, seed=seed) for seed in range(3)]
    figure = edits_plate(edit_results(shown[0], shown[1], shown[2:], notes=["+2 sd"]), [17, 4])
    edits = (
        edit("z[0] *= 2", [moved(0, 2)]),
        edit("z -= 0.5", [moved(e, 2) for e in range(64)], ["an assumption | with a bar"]),
        edit("z *= 1"),
    )
    record = PlateSectionRecord(images=images, index=(17, 4), command=command, edits=edits,
                                scale=83)  # fmt: skip
    return record, figure


def a_history() -> Any:
    return [
        HistoryRow(epoch=e, train_loss=0.5 / e, valid_loss=0.6 / e + 0.01 * e, terms={},
                   images_per_second=1234.5 + e, seconds=71.3)
        for e in range(1, 13)
    ]  # fmt: skip


def a_run(
    name: Any = "fcn-10",
    title: Any = "a title",
    file: Any = "faces.npy",
    note: Any = "Two images drawn with seed 11.",
) -> Any:
    images, reconstructions = (pictures(6, 16, 16, 3, seed=seed) for seed in (0, 1))
    swept = strip(pictures(1, 3, 16, 16, 3), ["−3 sd", "0 sd", "+3 sd"], marked=[1], names=["z[5]"])
    source = ImageSetRecord(name=file, count=20_011, size=(16, 16, 3), source=file)
    held_out = source.model_copy(update={"count": 313})
    sweep = TraversalRecord(images=file, index=3, elements=(5,), span=3.0, command="zatlas sweep")
    return RunReport(
        name,
        [
            sections.data(source, held_out, examples=images[:2], indexes=[41, 7], note=note),
            sections.architecture(
                presets()["fcn-10"].architecture(), title, model_file="image: [3, 64, 64]\n"
            ),
            sections.training(
                a_history(), 8, {"lr": 3e-4, "seed": 5, "patience": None}, objective="mse()",
                machine={"threads": 2}, versions={"torch": "2.13.0"}, command="zatlas train",
            ),
            sections.reconstruction(measured(6), images, reconstructions, of=file,
                                    rows=np.arange(6)),
            sections.edits([a_plate()]),
            sections.traversals([(sweep, swept)]),
            sections.limits(5, ["zatlas train --seed 5"]),
        ],
        about="A run made up for a test.",
    )  # fmt: skip


def test_the_family_of_a_run_is_described_and_drawn(tmp_path: Path) -> None:
    """A report of a run with a recipe told nothing of the recipe."""
    model = adapt(presets()["fcn-10"], "beta-vae", {"beta": 8})
    for one, words in ((model, "beta-vae, with beta=8"), (presets()["fcn-10"], "ae")):
        family = describe(one)
        section = sections.architecture(one.architecture(), "a title", family=family)
        assert ("family" in section.drawings) == (words != "ae")
        data = ReportData("t", [RunReport("a", [section])])
        page, lines, _ = write_report(data, tmp_path / f"{words[:2]}.html")
        for text in (words, family.paper, family.advantage, family.disadvantage):
            assert text in visible(page.read_text(encoding="utf-8"))
        assert f"| recipe | {words} |" in lines.read_text(encoding="utf-8")
        assert read_as_text("---\n---" + lines.read_text(encoding="utf-8")).count("recipe") == 1


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("report")
    return write_report(ReportData("Faces <&> codes", [a_run()]), folder / "report.html")


def visible(page: Any) -> Any:
    """The words of a page, with one space between them."""
    page = re.sub(r"<(style|svg|head)\b.*?</\1>", " ", page, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def read_as_text(markdown_text: Any) -> Any:
    """What a reader sees of Markdown, without pictures and rules of tables."""
    body = re.sub(r"!\[.*?\]\(.*?\)", "", markdown_text.split("---", 2)[2])
    return " ".join(re.sub(r"\\([^\w\s])", r"\1", body).split())


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def unknown_numbers(text: Any, record: Any) -> Any:
    """Numbers of a text that the record does not hold, however the text may round them."""
    known = {"95"}  # per cent, of every interval
    for leaf in leaves(record):
        if isinstance(leaf, str):
            known.update(NUMBER.findall(leaf))
        elif isinstance(leaf, (int, float)) and not isinstance(leaf, bool):
            forms = [setting(leaf), *(number(leaf, digits) for digits in (2, 3, 4))]
            known.update(word for form in forms for word in NUMBER.findall(form))
    known |= {f"−{word}" for word in known}  # the two ends of a symmetric scale
    return [word for word in NUMBER.findall(text) if word.rstrip(",") not in known]


def without_fixed_text(text: Any) -> Any:
    """A text without the sentences that every report has: their numbers are no results."""
    for words in ("Element numbers count from 0.", "the first 4 of 64 elements", "[−1, 1]"):
        text = text.replace(words, "")
    return text


def test_every_number_of_the_text_is_in_the_json(report: Any) -> None:
    page, markdown_file, record = report
    record = json.loads(record.read_text())
    for text in (visible(page.read_text()), read_as_text(markdown_file.read_text())):
        assert unknown_numbers(without_fixed_text(text), record) == []
    assert unknown_numbers("a number from nowhere: 0.7271", record) == ["0.7271"]


def test_both_formats_say_the_same(report: Any) -> None:
    page, markdown_file = visible(report[0].read_text()), read_as_text(report[1].read_text())
    for words in (
        "The weights are those of epoch 8.",
        "the first 4 of 64 elements that moved; report.json lists all",
        "an assumption | with a bar",
        "nothing moved",
        "Relative sharpness is the sharpness of the reconstruction divided by that of its original",
        "In the loss a pixel is a number from -1 to 1, as in the MSE of this report.",
        "image: [3, 64, 64]",
        "Two images drawn with seed 11.",
        COMMAND,
    ):
        assert words in page
        assert words in markdown_file
    facts = json.loads(report[2].read_text())["runs"][0]["sections"][2]["facts"]
    assert [fact["label"] for fact in facts] == ["best epoch", "training time"]
    for fact in ("best epoch", "8 of 12", "14 min 16 s"):
        assert fact in page
        assert fact in markdown_file


def test_a_loss_says_the_range_of_its_pixels(tmp_path: Path) -> None:
    """A loss of 0.0189 stood beside an MSE of 0.0756, four times as large, without a word."""
    section = sections.training(
        a_history(), 8, {}, objective="mse()", machine={}, versions={}, pixels=(0.0, 1.0)
    )
    data = ReportData("A", [RunReport("a", [section])])
    page, text, _ = write_report(data, tmp_path / "a.html")
    for words in (visible(page.read_text()), read_as_text(text.read_text())):
        assert "In the loss a pixel is a number from 0 to 1; in the MSE of this report" in words
        assert "the same squared error is 4.0 times as large." in words


def test_the_json_has_a_schema_and_every_section(report: Any) -> None:
    record = json.loads(report[2].read_text())
    assert record["schema"] == 3
    found = {section["kind"]: section for section in record["runs"][0]["sections"]}
    assert list(found) == [
        "data", "architecture", "training", "reconstruction", "edits", "traversals", "limits",
    ]  # fmt: skip
    values = found["reconstruction"]["measured"]["metrics"]["mse"]["per_image"]
    worst = [image["metrics"]["mse"] for image in found["reconstruction"]["ranks"]["worst"]]
    assert worst == sorted(values, reverse=True)[:4]
    assert found["training"]["duration"] == "14 min 16 s"
    assert found["edits"]["plates"][0]["scale"] == 83
    assert len(found["limits"]["sentences"]) == 3


def test_the_page_loads_nothing_and_shows_text_as_text(report: Any) -> None:
    page = report[0].read_text()
    for link in re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"'\s>)]+)""", page):
        assert link.startswith(("data:", "#")), link
    assert "@import" not in page
    assert "<script" not in page
    assert "Faces &lt;&amp;&gt; codes" in page
    assert "runs/&lt;a&gt;" in page
    assert "<a>" not in page
    ids = re.findall(r'id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert len(page) < 5_000_000


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A report in which every text that is not zatlas's own is hostile."""
    run = a_run(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    figure = pictures(8, 8, 3)
    claim = ClaimAnswer(claim=HOSTILE, word="refuted", reason=HOSTILE, stands_for=HOSTILE,
                        meant=(), sentence=HOSTILE)  # fmt: skip
    opening = sections.examination(
        HOSTILE, [HOSTILE], [HOSTILE], {"displays": figure, "claim-0": figure}, HOSTILE, [claim]
    )
    edited = sections.edits([a_plate(HOSTILE, HOSTILE)])
    limits = sections.limits(0, [HOSTILE], more=[HOSTILE])
    training = sections.training(
        a_history(), 1, {HOSTILE: HOSTILE}, machine={}, versions={}, objective=HOSTILE
    )
    runs = [run, RunReport(HOSTILE, [*opening, edited, limits, training], HOSTILE)]
    folder = tmp_path_factory.mktemp("hostile")
    return write_report(ReportData(HOSTILE, runs), folder / "report.html")


def test_no_text_is_markup_in_html(hostile: Any) -> None:
    page = hostile[0].read_text()
    assert "<script" not in page
    assert "<!--" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt; *a* _b_") > 20


def test_no_text_is_markup_in_markdown(hostile: Any) -> None:
    text = hostile[1].read_text()
    _, head, body = re.split(r"^---\n", text, maxsplit=2, flags=re.M)
    dataset = yaml.safe_load(head)["model-index"][0]["results"][0]["dataset"]
    assert dataset["name"] == HOSTILE
    blocks = MARKDOWN.parse(body)
    spans = [span for block in blocks for span in block.children or ()]
    kinds = {token.type for token in (*blocks, *spans)}
    assert kinds.isdisjoint({"html_block", "html_inline", "link_open", "em_open", "hr"})
    for span in spans:
        if span.type == "image":
            assert str(span.attrs["src"]).startswith("report_files/")
    flat = " ".join(HOSTILE.split())
    headings = [t.children or () for t, o in zip(blocks[1:], blocks, strict=False)
                if o.type == "heading_open"]  # fmt: skip
    texts = ["".join(c.content for c in children) for children in headings]
    assert texts[:2] == [flat, flat]
    assert "f" not in texts
    said = "".join(span.content for span in spans)
    assert said.count(flat) > 20
    fences = [token.content.strip() for token in blocks if token.type == "fence"]
    assert fences.count(HOSTILE) == 3


@pytest.mark.parametrize(
    ("text", "written"),
    [("z[0] *= 2", r"z\[0\] \*= 2"), ("1. a", r"1\. a"), ("- a", r"\- a"), ("-2.5", "-2.5"),
     ("+1.5 sd", "+1.5 sd"), ("a\nb", "a b"), ("--- a", r"\--- a"), ("\\", "\\\\")],
)  # fmt: skip
def test_markdown_is_escaped(text: Any, written: Any) -> None:
    assert markdown.escaped(text) == written


@pytest.mark.parametrize(
    ("text", "written"), [("a", "`a`"), ("a`b", "``a`b``"), ("`a", "`` `a ``"), ("", "")]
)
def test_code_in_markdown_holds_any_character(text: Any, written: Any) -> None:
    assert markdown.code(text) == written
    assert markdown.listing("```\na", "sh") == "````sh\n```\na\n````"


def test_small_pictures_are_stored_as_they_are_and_shown_as_pixels(report: Any) -> None:
    page = report[0].read_text()
    assert 'class="pixels" width="128" height="128"' in page
    files = sorted(path.name for path in (report[0].parent / "report_files").iterdir())
    original = next(name for name in files if "example-41" in name)
    with Image.open(report[0].parent / "report_files" / original) as image:
        np.testing.assert_array_equal(np.asarray(image), pictures(6, 16, 16, 3)[0])
    (svg,) = (name for name in files if name.endswith(".svg"))
    ElementTree.parse(report[0].parent / "report_files" / svg)


def test_the_model_card_has_a_head_and_all_its_pictures(report: Any) -> None:
    text = report[1].read_text()
    _, head, body = text.split("---", 2)
    card = yaml.safe_load(head)
    result = card["model-index"][0]["results"][0]
    assert result["dataset"]["name"] == "faces.npy"
    assert [metric["type"] for metric in result["metrics"]] == list(UNITS)
    links = re.findall(r"!\[.*?\]\((.*?)\)", body)
    files = {f"report_files/{file.name}" for file in (report[1].parent / "report_files").iterdir()}
    assert set(links) == files
    assert COMMAND in body
    tables = [token for token in MARKDOWN.parse(body) if token.type == "table_open"]
    assert len(tables) == 11


def test_the_same_data_is_the_same_report(report: Any, tmp_path: Path) -> None:
    again = write_report(ReportData("Faces <&> codes", [a_run()]), tmp_path / "report.html")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in report]


def test_several_runs_share_a_page_and_sections_about_all_follow(tmp_path: Path) -> None:
    runs = [a_run("fcn-10"), a_run("conv-64")]
    data = ReportData("Two", runs, [sections.limits(0, [])])
    page = write_report(data, tmp_path / "two.html")[0].read_text()
    for anchor in ("run-0-training", "run-1-training", "all-limits"):
        assert f'id="{anchor}"' in page
    assert page.count("<h2>") == 3
    names = [path.name for path in (tmp_path / "two_files").iterdir()]
    assert len(names) == len(set(names))


def test_a_report_without_edits_says_so(tmp_path: Path) -> None:
    run = RunReport("bare", [sections.edits([])])
    page, markdown_file, _ = write_report(ReportData("Bare", [run]), tmp_path / "bare.html")
    assert "There are no edits to show." in page.read_text()
    assert "There are no edits to show." in markdown_file.read_text()


def test_a_report_is_html(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"report\.pdf: give it a name that ends in \.html"):
        write_report(ReportData("Bare", []), tmp_path / "report.pdf")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.052, "0.05200"), (-0.5, "−0.5000"), (25_739_146, "25,739,146"), (8016.4, "8016"),
     (123456.7, "123,457"), (0.0, "0.000"), (1.2e-7, "1.200e−07"), (None, "–")],
)  # fmt: skip
def test_numbers_read_well(value: Any, text: Any) -> None:
    assert number(value) == text


@pytest.mark.long
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_opens_it_offline_and_nothing_sticks_out(
    report: Any, width: Any, scheme: Any
) -> None:
    from playwright.sync_api import sync_playwright

    address = Path(report[0]).as_uri()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        asked, faults = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: faults.append(message.text))
        page.goto(address)
        broken = page.evaluate(
            "[...document.images].filter(i => !i.complete || !i.naturalWidth).length"
        )
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        browser.close()
    assert [url for url in asked if not url.startswith("data:")] == [address]
    assert (broken, over, faults) == (0, 0, [])
    assert (sum(map(int, re.findall(r"\d+", ground))) < 384) == (scheme == "dark")
