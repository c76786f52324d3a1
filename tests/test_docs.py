"""Documentation names what exists, examples run, and the rules of CONTRIBUTING.md are kept."""

import ast
import csv
import doctest
import importlib
import inspect
import re
import shlex
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import zatlas
from zatlas.cli.program import program
from zatlas.recipes.recipe import recipes

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "zatlas"
PAGES = [ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "CHANGELOG")]
PAGES += sorted((ROOT / "docs").glob("*.md"))
MODULES = sorted(SOURCE.rglob("*.py"))
EXAMPLES_ADD = {  # the files that the examples of CONTRIBUTING.md create
    "src/zatlas/images/tensors.py", "src/zatlas/models/presets/fcn-32.yaml",
    "zatlas.images.tensors.safetensors", "zatlas.images.tensors",
}  # fmt: skip


def named(path: Path) -> str:
    """A module's path from the package, as ``run/run.py``."""
    return path.relative_to(SOURCE).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


# What pages and docstrings name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_relative_links_lead_to_files(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.S)
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (page.parent / link).is_file(), link


def exists(dotted: str) -> bool:
    """Whether ``zatlas.a.b`` is a module, or a name in one."""
    words = dotted.split(".")
    for count in range(len(words), 0, -1):
        try:
            found: object = importlib.import_module(".".join(words[:count]))
        except ModuleNotFoundError:
            continue
        for word in words[count:]:
            if not hasattr(found, word):
                return False
            found = getattr(found, word)
        return True
    return False


@pytest.mark.parametrize("page", [*PAGES, *MODULES], ids=lambda page: page.name)
def test_modules_that_are_named_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    marks = r"`+~?" if page.suffix == ".py" else r"(?<![\w./-])"
    for dotted in re.findall(rf"{marks}(zatlas(?:\.[A-Za-z_]\w*)+)", text):
        assert dotted in EXAMPLES_ADD or exists(dotted), dotted


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_of_the_project_that_are_named_exist(page: Path) -> None:
    tops = {path.name for folder in (ROOT, SOURCE) for path in folder.iterdir() if path.is_dir()}
    places = [ROOT, SOURCE, SOURCE / "evidence"]
    text = page.read_text(encoding="utf-8")
    for path in re.findall(r"(?<![\w/.-])[\w.-]+/[\w./-]*(?:\.(?:py|yaml|sh|md)|/)(?!\w)", text):
        if path.partition("/")[0] in tops - {"runs"} and path not in EXAMPLES_ADD:
            assert any((place / path).exists() for place in places), path


def test_sentences_that_are_explained_are_quoted_verbatim() -> None:
    with (ROOT / "benchmarks" / "results" / "reading.csv").open(encoding="utf-8") as handle:
        sentences = [row["sentence"] for row in csv.DictReader(handle)]
    page = (ROOT / "docs" / "reading.md").read_text(encoding="utf-8")
    assert len(sentences) == 6
    assert re.findall(r"^> (.*)$", page, re.M) == sentences


def test_the_gallery_has_every_recipe() -> None:
    """A section with its diagram and its picture, a line in the table, and a row of numbers."""
    text = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    with (ROOT / "benchmarks" / "results" / "gallery.csv").open(encoding="utf-8") as handle:
        measured = [row["recipe"] for row in csv.DictReader(handle)]
    hint = "python benchmarks/gallery.py makes it"
    for name in recipes():
        assert f"\n## {name}\n" in text, hint
        assert f"| [{name}](#{name}) |" in text, hint
        for folder in ("families", "gallery"):
            assert f"](figures/{folder}/{name}." in text, hint
    assert sorted(measured) == sorted(recipes()), hint


def commands_of(page: Path) -> Iterator[list[str]]:
    """The zatlas commands in the listings of a page, each as its words."""
    for block in re.findall(r"```(?:bash|sh)\n(.*?)```", page.read_text(encoding="utf-8"), re.S):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if "zatlas" in words[:2]:  # after a variable, or not
                yield words[words.index("zatlas") + 1 :]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_of_the_pages_have_their_options(page: Path) -> None:
    """`test_readme.py` runs those of the README."""
    context = click.Context(program)
    for words in commands_of(page):
        command = program.get_command(context, words[0])
        if isinstance(command, click.Group):
            command = command.get_command(context, words[1])
        assert command is not None, words
        known = {name for option in command.params for name in (*option.opts, "--help")}
        used = {option for word in words for option in re.findall(r"^\[?(--[a-z-]+)", word)}
        assert used <= known, words


# Docstrings


def public_functions() -> Iterator[tuple[str, object]]:
    for name in zatlas.__all__:
        part = getattr(zatlas, name)
        if not inspect.isclass(part):
            yield name, part
            continue
        for key, method in vars(part).items():
            if inspect.isfunction(method) and not key.startswith("_"):
                yield f"{name}.{key}", method


PUBLIC = dict(public_functions())


@pytest.mark.parametrize("name", PUBLIC)
def test_public_functions_are_documented(name: str) -> None:
    """Their arguments are, but for one or two of a method; it may name a function instead."""
    text = inspect.getdoc(PUBLIC[name]) or ""
    assert text, "has no docstring"
    signature = inspect.signature(PUBLIC[name])  # type: ignore[arg-type]
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    arguments = [p for p, given in signature.parameters.items() if given.kind not in kinds]
    arguments = [p for p in arguments if p != "self"]
    if len(arguments) < 3 and "." in name:
        return
    if pointed := re.search(r"`(zatlas\.[\w.]+)`", text):
        module, _, function = pointed[1].rpartition(".")
        text += inspect.getdoc(getattr(importlib.import_module(module), function)) or ""
    missing = [p for p in arguments if not re.search(rf"\b{p}(?:_[A-Z]+)?\b", text)]
    assert not missing
    assert len(arguments) < 2 or "Parameters\n----------" in text


WITH_EXAMPLES = [path for path in MODULES if ">>> " in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=named)
def test_examples_in_docstrings_run(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("zatlas.process.keep_freed_blocks", lambda: False)  # of this process
    monkeypatch.setattr("zatlas.process.medium_is_exact", lambda: False)
    dotted = ".".join(("zatlas", *path.relative_to(SOURCE).with_suffix("").parts))
    module = importlib.import_module(dotted.removesuffix(".__init__"))
    done = doctest.testmod(module)
    assert done.attempted
    assert not done.failed


# Rules of the code

# the library names Python arguments; these lines print commands, or say what a command does
FLAGS = {
    "latents/coding.py": "a hint prints the whole command that resizes images",
    "run/evidence.py": "the same: the command that measures again",
    "report/assemble.py": "the commands under the figures of a report",
    "workflows/demo.py": "the same, and the commands that it ends with",
    "report/atlas_sections.py": "the same",
    "workflows/edits.py": "a docstring refers to the JSON of a command",
}


@pytest.mark.parametrize(
    "path", [path for path in MODULES if not named(path).startswith("cli/")], ids=named
)
def test_the_library_names_no_options_of_the_command_line(path: Path) -> None:
    texts = [n.value for n in ast.walk(tree(path)) if isinstance(n, ast.Constant)]
    found = [text for text in texts if isinstance(text, str) and re.search(r"--[a-z]{2}", text)]
    assert not found or named(path) in FLAGS, found


# between measuring and showing results are records; these mappings are something else
UNTYPED = {
    "evidence/properties/factors.py": "columns of labels as a user gives them: lists, arrays",
    "workflows/atlas_view.py": "table() gives plain rows, for a data frame",
    "workflows/examine.py": "figures of a page by name: Matplotlib's, or a plate",
    "workflows/train.py": "values of keys of a model file, checked when it is read",
}


@pytest.mark.parametrize("package", ["evidence", "figures", "report", "workflows", "run"])
def test_results_are_typed(package: str) -> None:
    for path in sorted((SOURCE / package).rglob("*.py")):
        found = re.findall(
            r"(?:dict|Mapping|MutableMapping)\[str, Any\]", path.read_text(encoding="utf-8")
        )
        assert len(found) <= (named(path) in UNTYPED), f"{named(path)}: {found}"


def differing_by_case(names: set[str]) -> set[str]:
    counted = Counter(map(str.lower, names))
    return {name for name in names if counted[name.lower()] > 1}


def test_no_two_names_differ_only_by_case() -> None:
    """Two modules, two classes, two functions; nor a class and a function of one module."""
    modules = {path.relative_to(SOURCE).with_suffix("").as_posix() for path in MODULES}
    classes: set[str] = set()
    functions: set[str] = set()
    for path in MODULES:
        body = tree(path).body
        own = {node.name for node in body if isinstance(node, ast.ClassDef)}
        beside = {node.name for node in body if isinstance(node, ast.FunctionDef)}
        assert not differing_by_case(own | beside), named(path)
        classes |= own
        functions |= beside
    for names in (modules, classes, functions):
        assert not differing_by_case(names)


def lines_of(function: ast.FunctionDef) -> int:
    """Its lines, those of its docstring not counted."""
    nodes: list[ast.stmt] = [function]
    if ast.get_docstring(function):
        nodes.append(function.body[0])
    whole, *docstring = ((node.end_lineno or 0) - node.lineno + 1 for node in nodes)
    return whole - sum(docstring)


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_functions_and_files_are_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
    functions = [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef)]
    assert not [f"{f.name}: {lines_of(f)}" for f in functions if lines_of(f) > 60]
