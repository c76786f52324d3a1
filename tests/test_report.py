import html
import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml

from zatlas.errors import InputError
from zatlas.models.modelfile import zoo
from zatlas.pictures.plate import plate
from zatlas.pictures.strip import strip
from zatlas.report import sections
from zatlas.report.build import number, setting, write_report
from zatlas.report.records import ReportData, RunReport, Section

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
NUMBER = re.compile(r"[−-]?\d[\d,]*(?:\.\d+)?(?:e[+−-]?\d+)?")


def pictures(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def measured(count):
    rng = np.random.default_rng(1)
    values = {"mse": rng.uniform(0.01, 0.2, count), "psnr": rng.uniform(10, 30, count),
              "ssim": rng.uniform(0, 1, count)}  # fmt: skip
    metrics = {
        name: {"mean": float(v.mean()), "interval": [float(v.min()), float(v.max())],
               "unit": {"mse": "of pixels in [-1, 1]", "psnr": "dB", "ssim": "0 to 1"}[name],
               "per_image": v.tolist()}
        for name, v in values.items()
    }  # fmt: skip
    return {"n": count, "metrics": metrics, "best": 0, "median": 1, "worst": 2}


def moved(element, images):
    rng = np.random.default_rng(element)
    keys = ("before", "after", "sd", "percentile_before", "percentile_after")
    return {"element": element, **{key: rng.normal(size=images).tolist() for key in keys}}


def a_run(name="fcn-10", title="a title"):
    shape = (6, 16, 16, 3)
    images, reconstructions = pictures(*shape), pictures(*shape, seed=1)
    plate_figure = plate(
        images[:2], reconstructions[:2], [images[2:4]], titles=["z[0] *= 2"], notes=[["+2 sd"]],
        names=["image 17", "image 4"],
    )  # fmt: skip
    command = 'zatlas edit runs/<a> --images "b&c.npy" "z[0] *= 2"'
    plate_record = {
        "images": "b&c.npy", "index": [17, 4], "command": command, "scale": 83,
        "edits": [
            {"edit": "z[0] *= 2", "assumptions": [], "elements": [moved(0, 2)]},
            {"edit": "z -= 0.5", "assumptions": ["an assumption | with a bar"],
             "elements": [moved(e, 2) for e in range(64)]},
            {"edit": "z *= 1", "assumptions": [], "elements": [], "sentence": "No effect."},
        ],
    }  # fmt: skip
    swept = strip(pictures(1, 3, 16, 16, 3), ["−3 sd", "0 sd", "+3 sd"], marked=[1], names=["z[5]"])
    rows = [
        {"epoch": e, "train_loss": 0.5 / e, "valid_loss": 0.6 / e + 0.01 * e,
         "images_per_second": 1234.5 + e, "seconds": 71.3}
        for e in range(1, 13)
    ]  # fmt: skip
    source = {"name": "faces.npy", "count": 20_011, "size": [16, 16, 3], "source": "faces.npy"}
    return RunReport(
        name,
        [
            sections.data(
                source, {**source, "count": 313}, examples=images[:2], indexes=[41, 7],
                note="Two images drawn with seed 11.",
            ),
            sections.architecture(
                zoo()[name].architecture(), title, model_file="image: [3, 64, 64]\n"
            ),
            sections.training(
                rows, 8, {"lr": 3e-4, "seed": 5, "patience": None}, objective="mse",
                machine={"threads": 2}, versions={"torch": "2.13.0"}, command="zatlas train",
            ),
            sections.reconstruction(measured(6), images, reconstructions, of="faces.npy",
                                    rows=np.arange(6)),
            sections.edits([(plate_record, plate_figure)]),
            sections.traversals(
                [({"images": "faces.npy", "index": 3, "elements": [5], "span": 3.0,
                   "command": "zatlas traverse"}, swept)]
            ),
            sections.limits(5, ["zatlas train --seed 5"]),
        ],
        about="A run made up for a test.",
    )  # fmt: skip


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    data = ReportData("Faces <&> codes", [a_run()])
    return write_report(data, folder / "report.html")


def visible(page):
    page = re.sub(r"<(style|svg|head)\b.*?</\1>", " ", page, flags=re.S)
    return html.unescape(re.sub(r"<[^>]+>", " ", page))


def leaves(value):
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def unknown_numbers(text, record):
    """Numbers of a text that the record does not hold, however the text may round them."""
    known = set()
    for leaf in leaves(record):
        if isinstance(leaf, str):
            known.update(NUMBER.findall(leaf))
        elif isinstance(leaf, (int, float)) and not isinstance(leaf, bool):
            forms = [setting(leaf), *(number(leaf, digits) for digits in (2, 3, 4))]
            known.update(word for form in forms for word in NUMBER.findall(form))
    known |= {f"−{word}" for word in known}  # the two ends of a symmetric scale
    return [word for word in NUMBER.findall(text) if word.rstrip(",") not in known]


def test_every_number_of_the_text_is_in_the_json(report):
    page, markdown, record = report
    record = json.loads(record.read_text())
    assert unknown_numbers(visible(page.read_text()), record) == []
    text = re.sub(r"!\[.*?\]\(.*?\)", "", markdown.read_text().split("---", 2)[2])
    assert unknown_numbers(text, record) == []
    assert unknown_numbers("a number from nowhere: 0.7271", record) == ["0.7271"]


def test_the_json_has_a_schema_and_every_section(report):
    record = json.loads(report[2].read_text())
    assert record["schema"] == 1
    kinds = [section["kind"] for section in record["runs"][0]["sections"]]
    assert kinds == [
        "data", "architecture", "training", "reconstruction", "edits", "traversals", "limits",
    ]  # fmt: skip
    measured_here = record["runs"][0]["sections"][3]
    assert [image["mse"] for image in measured_here["ranks"]["worst"]] == sorted(
        measured_here["metrics"]["mse"]["per_image"], reverse=True
    )[:4]
    assert record["runs"][0]["sections"][2]["duration"] == "14 min 16 s"


def test_the_page_loads_nothing_and_shows_text_as_text(report):
    page = report[0].read_text()
    for link in re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"'\s>)]+)""", page):
        assert link.startswith(("data:", "#")), link
    assert "@import" not in page
    assert "<script" not in page
    assert "Faces &lt;&amp;&gt; codes" in page
    assert "runs/&lt;a&gt;" in page
    assert "<a>" not in page
    ids = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= ids
    assert len(page) < 5_000_000


def test_small_pictures_are_stored_as_they_are_and_shown_as_pixels(report):
    page = report[0].read_text()
    assert 'class="pixels" width="128" height="128"' in page
    files = sorted(path.name for path in (report[0].parent / "report_files").iterdir())
    from PIL import Image

    original = next(name for name in files if "example-41" in name)
    with Image.open(report[0].parent / "report_files" / original) as image:
        np.testing.assert_array_equal(np.asarray(image), pictures(6, 16, 16, 3)[0])
    (svg,) = (name for name in files if name.endswith(".svg"))
    ElementTree.parse(report[0].parent / "report_files" / svg)


def test_the_model_card_has_a_head_and_all_its_pictures(report):
    text = report[1].read_text()
    _, head, body = text.split("---", 2)
    card = yaml.safe_load(head)
    result = card["model-index"][0]["results"][0]
    assert result["dataset"]["name"] == "faces.npy"
    assert [metric["type"] for metric in result["metrics"]] == ["mse", "psnr", "ssim"]
    links = re.findall(r"!\[.*?\]\((.*?)\)", body)
    assert links
    assert all((report[1].parent / link).is_file() for link in links)
    assert 'zatlas edit runs/<a> --images "b&c.npy"' in body
    for block in re.findall(r"(?:^\|.*\n)+", body, flags=re.M):
        columns = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(columns) == 1, block


def test_the_same_data_is_the_same_report(report, tmp_path):
    again = write_report(ReportData("Faces <&> codes", [a_run()]), tmp_path / "report.html")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in report]


def test_several_runs_share_a_page_and_sections_about_all_follow(tmp_path):
    runs = [a_run("fcn-10"), a_run("conv-64")]
    both = Section("limits", "All together", sections.limits(0, []).record)
    page = write_report(ReportData("Two", runs, [both]), tmp_path / "two.html")[0].read_text()
    for anchor in ("run-0-training", "run-1-training", "all-limits"):
        assert f'id="{anchor}"' in page
    assert page.count("<h2>") == 3
    names = [path.name for path in (tmp_path / "two_files").iterdir()]
    assert len(names) == len(set(names))


def test_a_report_without_edits_says_so(tmp_path):
    run = RunReport("bare", [sections.edits([])])
    page, markdown, _ = write_report(ReportData("Bare", [run]), tmp_path / "bare.html")
    assert "No edits were made yet." in page.read_text()
    assert "No edits were made yet." in markdown.read_text()


def test_a_report_is_html(tmp_path):
    with pytest.raises(InputError, match=r"report\.pdf: give it a name that ends in \.html"):
        write_report(ReportData("Bare", []), tmp_path / "report.pdf")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.052, "0.05200"), (-0.5, "−0.5000"), (25_739_146, "25,739,146"), (8016.4, "8016"),
     (123456.7, "123,457"), (0.0, "0.000"), (1.2e-7, "1.200e−07"), (None, "–")],
)  # fmt: skip
def test_numbers_read_well(value, text):
    assert number(value) == text


@pytest.mark.long
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_opens_it_offline_and_nothing_sticks_out(report, width, scheme):
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
