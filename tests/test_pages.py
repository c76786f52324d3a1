"""The pages that a run gets: what leads, what is listed, a user's own words, what is explained."""

import json
import re
import shlex
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from markdown_it import MarkdownIt

import zatlas as library
from conftest import Zatlas
from zatlas.errors import InputError
from zatlas.evidence.properties.property_set import pixel_properties
from zatlas.evidence.records import AtlasRecord, ClaimAnswer, EditsRecord
from zatlas.figures.overview import element_rows, overview
from zatlas.report import notes, sections
from zatlas.report.assemble import report_data
from zatlas.report.atlas_sections import AtlasSectionRecord, Trial, atlas_page
from zatlas.report.build import write_report
from zatlas.report.data import ReportData, RunReport, Section
from zatlas.report.formats import html_page
from zatlas.report.ranking import RankingRecord, ranking
from zatlas.report.terms import PROPERTIES, TERMS, explained
from zatlas.run.evidence import kept_maps
from zatlas.run.run import Run

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
HOSTILE = "<script>alert(1)</script> [a](http://b) ![c](http://d) <!-- & | `x"
NOTE = f"""# What I saw

I changed **two** elements
and *looked*.

- first: `z[0]`
- second

1. one
2. {HOSTILE}

| edit | what |
| --- | --: |
| `z[0]` | **x** \\| {HOSTILE} |
| short |
"""


@pytest.fixture(scope="module")
def run(tiny_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A copy of the tiny run with an atlas."""
    folder = tmp_path_factory.mktemp("pages")
    copy = library.train(
        tiny_run.model.model_file, tiny_run.path.parent / "discs.npy",
        valid=tiny_run.path.parent / "held-out.npy", out=folder / "mine", epochs=2, batch_size=32,
    )  # fmt: skip
    copy.atlas(count=30)
    return copy


@pytest.fixture(scope="module")
def page(run: Run) -> str:
    data = ReportData("Atlas of mine", [RunReport("mine", atlas_page(run, 2))])
    return write_report(data, run.path.parent / "atlas.html")[0].read_text()


def test_every_element_is_listed_and_reached_from_the_overview_and_back(
    run: Run, page: str
) -> None:
    """Usage A10 and B5."""
    assert len(re.findall(r'<tr id="run-0-z-\d"', page)) == 4
    assert page.count("<script>") == 1
    assert "sortable" in page
    ids = re.findall(r'id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    targets = re.findall(r'href="#([^"]+)"', page)
    assert set(targets) <= set(ids)
    shown = [effect.element for effect in run.open_atlas().record.elements[:2]]
    for element in shown:
        assert targets.count(f"run-0-element-{element}") == 2  # of the overview, of the table
    assert targets.count("run-0-atlas") == 3  # the contents, and each of two figures
    assert "of 4 elements" not in page  # none is left out


@pytest.mark.long
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
def test_a_click_sorts_the_elements_and_a_row_of_the_overview_leads_to_its_element(
    run: Run, page: str
) -> None:
    """Usage B5."""
    from playwright.sync_api import sync_playwright

    order = "[...document.querySelectorAll('table.sortable tbody th')].map(c => c.textContent)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        shown = browser.new_page(viewport={"width": 1280, "height": 800})
        shown.goto((run.path.parent / "atlas.html").as_uri())
        by_size = shown.evaluate(order)
        shown.click("table.sortable th:first-child button")
        down = shown.evaluate(order)
        shown.click("table.sortable th:first-child button")
        up = shown.evaluate(order)
        shown.click("table.sortable th:nth-child(2) button")
        again = shown.evaluate(order)
        shown.locator(".linked a").first.click()
        address = shown.url
        browser.close()
    assert up == [f"z[{k}]" for k in range(4)]
    assert down == up[::-1]
    assert again == by_size
    assert address.endswith(f"#run-0-element-{by_size[0][2]}")
    assert "table.sortable" in page


def test_an_overview_of_a_part_says_so(run: Run) -> None:
    """Usage A10: it showed 40 of 64 elements without saying so."""
    record = run.open_atlas().record

    def of(count: int) -> AtlasRecord:
        many = [record.elements[0].model_copy(update={"element": k}) for k in range(count)]
        return record.model_copy(update={"elements": tuple(many)})

    assert len(element_rows(of(64))) == 64
    rows = element_rows(of(300))
    assert len(rows) == 256
    texts = " ".join(text.get_text() for text in overview(of(300)).axes[0].texts)
    assert "the 256 strongest of 300 elements" in texts
    tops = [top for top, _ in rows.values()]
    assert tops == sorted(tops)
    assert tops[-1] + rows[255][1] < 1


def test_a_ranking_for_each_property(run: Run, page: str) -> None:
    """Usage B4: which element changes the head pose most?"""
    record = run.open_atlas().record
    ranked = {one.property: one.elements for one in ranking(record).rankings}
    assert "What changes each property most" in page
    for name, elements in ranked.items():
        of_table = {e.element: e.effects[name] for e in record.elements}
        sizes = [float(re.findall(r"by (\d+\.\d+) sd", one.words)[0]) for one in elements]
        assert sizes == sorted(sizes, reverse=True)
        for one in elements:
            assert one.named == of_table[one.element].named
            if one.low_sd is not None and one.high_sd is not None:
                assert 0 <= one.low_sd <= one.high_sd  # the words say the direction
            assert one.words in one.text
    assert any(ranked.values())


def test_elements_whose_intervals_overlap_lead_together(run: Run) -> None:
    """ "z[3] changes lightness most" was said where z[7] may change it more."""
    record = run.open_atlas().record
    first = record.elements[0]
    name = next(n for n, e in first.effects.items() if e.drawn is not False)
    ends = ((0.8, 0.7, 0.9), (0.75, 0.65, 0.85), (0.4, 0.3, 0.5))
    made = [
        first.model_copy(update={
            "element": place,
            "effects": {**first.effects, name: first.effects[name].model_copy(update={
                "finding": "directed", "mean": mean, "mean_sd": mean, "low_sd": low,
                "high_sd": high})},
        })
        for place, (mean, low, high) in enumerate(ends)
    ]  # fmt: skip
    ranked = ranking(record.model_copy(update={"elements": tuple(made)})).rankings
    (one,) = (each for each in ranked if each.property == name)
    assert [each.element for each in one.elements] == [0, 1, 2]
    assert one.leaders == 2
    section = Section("ranking", "R", RankingRecord(rankings=(one,), undrawn=()))
    with_links = RunReport("a", [section])
    html = "".join(html_page(ReportData("A", [with_links]), {}).splitlines())
    assert '; about equally <a href="#run-0-z-1">z[1]</a></td>' in html


def test_terms_are_explained_where_they_stand(page: str) -> None:
    """Usage C: in range, survives re-encoding, Size, Share, Motion, BCa and q unexplained."""
    for term in ("in range", "survives re-encoding", "a warp explains"):
        assert f'<abbr title="{TERMS[term]}">' in page
    for heading in ("Size", "Share", "Motion", "95 % interval"):
        assert re.search(rf'<abbr title="[^"]+">{heading}</abbr>', page)
    for word in ("BCa intervals", "q in the JSON", "grey level"):
        assert word in page
    text = explained("<b> in range, and in range; not settled")
    assert text.startswith("&lt;b&gt; <abbr")
    assert text.count("<abbr") == 2  # once for each term


def test_every_property_of_pixels_is_explained(page: str) -> None:
    """Labels such as "dark details" had no explanation where they stand."""
    images = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3), dtype=np.uint8)
    assert {column.name for column in pixel_properties(images).columns} == PROPERTIES.keys()
    assert f'<abbr title="{PROPERTIES["luminance"]}">luminance</abbr>' in page
    assert explained("border red-green offset").count("<abbr") == 1


def test_no_part_of_a_change_is_negative(run: Run) -> None:
    """Usage A12: "a warp explains -23 %"."""
    record = run.open_atlas().record
    first = next(one for one in record.elements if one.motion)
    assert first.motion
    warp = first.motion.warp.model_copy(update={"value": -0.23})
    motion = first.motion.model_copy(update={"warp": warp})
    one = first.model_copy(update={"motion": motion})
    atlas = record.model_copy(update={"elements": (one,)})
    section = atlas_page(run, 0, Trial(atlas, kept_maps(run), Path("a.html")))[0]
    assert isinstance(section.record, AtlasSectionRecord)
    assert section.record.rows[0].motion == 0


def test_notes_are_read_as_a_small_part_of_markdown() -> None:
    kinds = [block.kind for block in notes.blocks(NOTE)]
    assert kinds == ["heading", "paragraph", "list", "numbered", "table"]
    rows = notes.blocks(NOTE)[-1].rows  # they were escaped
    assert [row[0] for row in rows] == ["edit", "`z[0]`", "short"]
    assert {len(row) for row in rows} == {2}
    assert rows[1][1].startswith("**x** | <script>")
    assert notes.blocks(NOTE)[1].items == ["I changed **two** elements and *looked*."]
    parts = [part[:2] for part in notes.spans("skin_tone_2 is *a*")]
    assert parts == [("", "skin_tone_2 is "), ("em", "a")]
    assert list(notes.spans("2 * 3 * 4")) == [("", "2 * 3 * 4", "")]
    assert notes.blocks("") == []
    assert "".join(part.text for part in notes.spans("*[" * 50_000)) is not None  # takes no time


@pytest.mark.parametrize("stated", [NOTE, HOSTILE, f"- {HOSTILE}\n# {HOSTILE}\n**{HOSTILE}**"])
def test_no_note_is_markup_of_its_own(stated: str, tmp_path: Path) -> None:
    run = RunReport("a", [sections.note(stated, "words.md")])
    page, text, record = write_report(ReportData("A", [run]), tmp_path / "a.html")
    html = page.read_text()
    assert "<script" not in html
    assert "<!--" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    blocks = MarkdownIt("commonmark").parse(text.read_text().split("---", 2)[2])
    kinds = {token.type for block in blocks for token in (block, *(block.children or ()))}
    assert kinds.isdisjoint({"html_block", "html_inline", "image", "fence"})
    links = [child.attrs["href"] for block in blocks for child in block.children or ()
             if child.type == "link_open"]  # fmt: skip
    assert {*links, *re.findall(r'href="([^"]*)"', html)} <= {"http://b", "data:,", "#run-0-note"}
    assert json.loads(record.read_text())["runs"][0]["sections"][0]["text"] == stated


def test_the_report_leads_with_the_plate_and_says_what_to_do_next(
    run: Run, zatlas: Zatlas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Usage D and B2: own words, the optimiser, the plate first, numbers in one line."""
    (tmp_path / "words.md").write_text(NOTE)
    images = run.config.images.path
    status, _, _ = zatlas("edit", run.path, "z[0] += 2*sd", "--images", images, "--index", 0,
                          "--count", 30, "--note", "It looks *darker* <b>.", "--out",
                          tmp_path / "plate.png")  # fmt: skip
    assert status == 0
    out = tmp_path / "report.html"
    assert zatlas("report", run.path, "--note", tmp_path / "words.md", "--out", out)[0] == 0
    record = json.loads(out.with_suffix(".json").read_text())["runs"][0]
    kinds = [section["kind"] for section in record["sections"]]
    assert kinds == [
        "edits", "note", "elements", "traversals", "atlas", "ranking", "properties",
        "reconstruction", "data", "training", "architecture", "limits", "next",
    ]  # fmt: skip
    page = out.read_text()
    plate = record["sections"][0]["plates"][0]
    assert plate["note"] == "It looks *darker* <b>."
    assert "It looks <em>darker</em> &lt;b&gt;." in page
    lead = plate["edits"][0]["measured"]["summary"]
    said = re.findall(r'<p class="lead">.*?<strong>(.*?)</strong>', page)
    assert said[0] == f"{lead[0].upper()}{lead[1:]}."
    assert page.index("<strong>") < page.index("<figure>")
    assert "Optimiser: Adam, learning rate 0.001, constant over the training" in page
    assert page.count('<p class="facts">') == 1
    steps = [shlex.split(step["command"])[1:] for step in record["sections"][-1]["steps"]]
    assert [words[0] for words in steps] == ["edit", "traverse", "report"]
    monkeypatch.chdir(tmp_path)
    for words in steps:
        assert zatlas(*words)[0] == 0, words
    assert "--note" in record["sections"][-2]["commands"][-1]


def test_a_run_whose_elements_are_all_dead_has_a_report(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Usage A3: a rate that diverges may leave a code that is the same for every image."""
    statistics = replace(run.statistics, sd=np.zeros_like(run.statistics.sd))
    dead = library.open_run(run.path)
    monkeypatch.setattr(type(dead), "statistics", property(lambda _: statistics))
    monkeypatch.setattr("zatlas.report.assemble._atlas", lambda *_: None)
    monkeypatch.setattr("zatlas.report.assemble.kept_edits", lambda _: EditsRecord())
    page = write_report(report_data([dead]), tmp_path / "dead.html")[0].read_text()
    assert "Every element is dead" in page
    assert "There are no edits to show." in page


def test_words_stand_beside_the_runs_that_they_are_of(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words of two runs stood at the end of the page."""

    def quick(run: Run, first: Any, after: Any, again: str, alone: bool) -> RunReport:
        return RunReport(run.path.name, [*first, *after], "About this run.")

    monkeypatch.setattr("zatlas.report.assemble._run_report", quick)
    files = [tmp_path / "a.md", tmp_path / "b.md"]
    for file in files:
        file.write_text(f"Said in {file.name}.")
    about_all = report_data([run, run], notes=files[:1])
    assert [section.kind for section in about_all.sections] == ["note"]
    page, text, _ = write_report(about_all, tmp_path / "all.html")
    for shown in (page.read_text(), text.read_text()):
        assert shown.index("Said in a") < shown.index("About this run.")
    each = report_data([run, run], notes=files)
    assert not each.sections
    for one, file in zip(each.runs, files, strict=True):
        (note,) = (section.record for section in one.sections if section.kind == "note")
        assert isinstance(note, notes.NoteRecord)
        assert note.source == str(file)
    with pytest.raises(InputError, match="one for each of the 2 runs"):
        report_data([run, run], notes=[*files, *files])


def test_warnings_of_a_run_come_before_everything(tmp_path: Path) -> None:
    run = RunReport("a", [sections.limits(0, [])], "About.", ["It learned nothing <b>."])
    page, text, record = write_report(ReportData("A", [run]), tmp_path / "a.html")
    html = page.read_text()
    assert html.index("It learned nothing &lt;b&gt;.") < html.index("About.")
    assert text.read_text().index("It learned nothing") < text.read_text().index("About.")
    assert json.loads(record.read_text())["runs"][0]["warnings"] == ["It learned nothing <b>."]


def test_an_examination_opens_with_its_verdicts(run: Run, tmp_path: Path) -> None:
    """Usage D: the verdicts were the smallest type, and the first picture was a clipped one."""
    answers = [
        ClaimAnswer(claim=word, word=word, reason="r", stands_for="", meant=(), sentence="s.")
        for word in ("supported", "refuted", "inconclusive", "cannot be judged")
    ]
    blank: Any = {f"claim-{k}": "<svg/>" for k in range(4)} | {"displays": "<svg/>"}
    opening = sections.examination("net.py", [], ["z[0] *= 2"], blank, "zatlas examine", answers)
    data = report_data([run], opening)
    assert [section.kind for section in data.runs[0].sections][:3] == [
        "examination", "edits", "comparison",
    ]  # fmt: skip
    page = write_report(ReportData("E", [RunReport("e", opening)]), tmp_path / "e.html")[0]
    verdicts = re.findall(r'class="verdict ([\w-]+)">(.*?)</span>', page.read_text())
    assert verdicts == [
        ("supported", "✓ supported"), ("refuted", "✗ refuted"), ("inconclusive", "? inconclusive"),
        ("cannot-be-judged", "– cannot be judged"),
    ]  # fmt: skip


def test_the_page_of_an_atlas_has_the_name_of_the_run(run: Run, zatlas: Zatlas) -> None:
    """Usage C: it was called by the model, "Atlas of vae-conv-64"."""
    assert zatlas("atlas", run.path, "--name", "0=a", "--pages", 0)[0] == 0
    assert "<title>Atlas of mine</title>" in (run.path / "atlas.html").read_text()
