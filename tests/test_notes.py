"""Code, links and pictures in a user's own words, and those that are refused."""

import base64
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zatlas.errors import InputError
from zatlas.report import notes, sections
from zatlas.report.build import write_report
from zatlas.report.data import ReportData, RunReport
from zatlas.report.note_pictures import note_pictures
from zatlas.run.run import Run

SVG = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><circle r="3"/></svg>'


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with pictures, and one picture beside the folder."""
    folder = tmp_path / "mine"
    (folder / "plots").mkdir(parents=True)
    picture = Image.fromarray(np.zeros((4, 6, 3), np.uint8))
    picture.save(folder / "a b.png")
    picture.save(folder / "plots" / "c.jpg")
    picture.save(tmp_path / "secret.png")
    (folder / "d.svg").write_text(SVG)
    return folder


def pages(place: Path, words: str) -> tuple[str, str]:
    """The page and the Markdown of a note."""
    file = place / "words.md"
    section = sections.note(words, str(file), note_pictures(file, words))
    data = ReportData("A", [RunReport("a", [section])])
    page, text, _ = write_report(data, place / "a.html", overwrite=True)
    return page.read_text(encoding="utf-8"), text.read_text(encoding="utf-8")


def test_code_is_shown_as_it_is_typed(place: Path) -> None:
    """A block of code became one line, its ``#`` a heading."""
    code = "for i in range(2):\n    # *not* a heading\n    print('<b>', i)\n\n- x"
    page, text = pages(place, f"Before\n```python\n{code}\n```\nafter **it**\n~~~\nlast")
    shown = code.replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#39;")
    assert f"<pre><code>{shown}</code></pre>" in page
    assert "<p>after <strong>it</strong></p>" in page
    assert "<pre><code>last</code></pre>" in page  # a block that is not closed ends with the note
    assert f"```\n{code}\n```" in text
    assert [block.kind for block in notes.blocks("a ```b``` c")] == ["paragraph"]


def test_links_lead_to_the_web_or_to_a_place_of_the_page(place: Path) -> None:
    words = (
        "See [the *paper*](https://example.org/a_(b)?c=1&d=_e_), [below](#run-0-atlas), "
        "[x](javascript:alert(1)), [y](file:///etc/passwd), [z](data:text/html,x), "
        '[q](https://a"onclick="b).'
    )
    page, text = pages(place, words)
    links = re.findall(r'<a href="([^"]*)" rel="noopener">([^<]*)</a>', page)
    assert links == [
        ("https://example.org/a_(b)?c=1&amp;d=_e_", "the *paper*"), ("#run-0-atlas", "below"),
    ]  # fmt: skip
    assert page.count("<a href=") == len(links) + 1  # and the table of contents
    assert "[x](javascript:alert(1))" in page
    assert "](https://example.org/a_%28b%29?c=1" in text
    assert "\\[x\\](javascript" in text  # escaped: it is no link


def test_pictures_beside_the_note_are_in_the_page(place: Path) -> None:
    words = "One ![a <b>](a%20b.png) two\n![](plots/c.jpg)![d](d.svg)\n\n![again](a%20b.png)"
    page, text = pages(place, words)
    for name, kind in (("a b.png", "png"), ("plots/c.jpg", "jpeg"), ("d.svg", "svg+xml")):
        content = base64.b64encode((place / name).read_bytes()).decode()
        assert f'src="data:image/{kind};base64,{content}"' in page
    assert "<svg" not in page  # in an <img> it runs no script and loads nothing
    assert 'alt="a &lt;b&gt;"' in page
    assert "<p>One</p>" in page
    files = re.findall(r"]\((a_files/[^)]*)\)", text)
    assert [Path(file).suffix for file in files] == [".png", ".jpg", ".svg", ".png"]
    assert all((place / file).is_file() for file in files)


@pytest.mark.parametrize(
    ("target", "fault"),
    [
        ("../secret.png", "is no file in the folder of the note"),
        ("plots/%2e%2e/../../secret.png", "is no file in the folder of the note"),
        ("/etc/passwd", "is no file in the folder of the note"),
        ("https://example.org/x.png", "is no file in the folder of the note"),
        ("file:///etc/x.png", "is no file in the folder of the note"),
        ("link.png", "is no file in the folder of the note"),
        ("plots/cc.jpg", "no such picture; did you mean 'c.jpg'?"),
        ("words.txt", "give a .png, .jpg, .jpeg, .svg file"),
        ("text.png", "is no picture of the kind PNG"),
        ("text.svg", "is no picture of the kind SVG"),
        ("plots.png", "cannot be read"),
        ("%00.png", "is no file in the folder of the note"),
    ],
)
def test_pictures_that_are_not_beside_the_note_are_refused(
    place: Path, target: str, fault: str
) -> None:
    (place / "link.png").symlink_to(place.parent / "secret.png")
    (place / "text.png").write_text("no picture")
    (place / "text.svg").write_text("no picture")
    (place / "plots.png").mkdir()
    with pytest.raises(InputError) as error:
        note_pictures(place / "words.md", f"![x]({target})")
    assert fault in str(error.value)
    assert "words.md: " in str(error.value)


def test_a_report_replaces_no_picture_of_its_note(place: Path, tiny_run: Run) -> None:
    words, picture = place / "words.md", place / "r.md"
    words.write_text("![x](plots/c.jpg)\n```\nz[0] *= 2\n```")
    page, *_ = tiny_run.report(place / "r.html", note=words)
    assert "data:image/jpeg" in page.read_text(encoding="utf-8")
    assert picture.is_file()
    words.write_text("![x](plots/none.jpg)")
    with pytest.raises(InputError, match="no such picture"):
        tiny_run.report(place / "r.html", note=words, overwrite=True)
