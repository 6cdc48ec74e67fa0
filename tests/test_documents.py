"""What the documents say can be followed: links lead somewhere, the page's links parse, the README's code runs."""

import re
from urllib.parse import unquote, urlsplit

import pytest

from explorer.permalinks.codec import read
from harness import ROOT

SKIPPED = {".venv", ".venv-bench", ".venv-tools", "node_modules", "runs", ".hypothesis", "screenshots", ".git"}
DOCUMENTS = sorted(path for path in ROOT.rglob("*.md") if not SKIPPED & set(path.relative_to(ROOT).parts))
README = (ROOT / "README.md").read_text()
PAGE = "http://127.0.0.1:7860/"


def prose(path):
    """A document's text without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.M | re.S)


def targets(path):
    return re.findall(r"!?\[[^\]]*\]\(([^)\s]+)\)", prose(path))


def anchors(path):
    """The anchors that GitHub gives the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", prose(path), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_the_documents_are_found():
    names = {str(path.relative_to(ROOT)) for path in DOCUMENTS}
    assert {
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "docs/page.md",
        "docs/speed.md",
        "weights/README.md",
    } <= names


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file_and_a_heading(path):
    for target in targets(path):
        parts = urlsplit(target)
        if parts.scheme:
            continue
        file = path.parent / unquote(parts.path) if parts.path else path
        assert file.exists() and file.resolve().is_relative_to(ROOT), f"{target} leads nowhere"
        assert not parts.fragment or parts.fragment in anchors(file), f"{target} names no heading"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_that_is_named_exists(path):
    if path.name != "CHANGELOG.md":  # it names what is gone
        for name in re.findall(
            r"`((?:explorer|harness|benchmarks|robustness|tests|weights)/[\w./-]+)`", path.read_text()
        ):
            assert (ROOT / name).exists(), name
        for name in re.findall(r"-m ((?:explorer|harness|benchmarks|robustness|examples)(?:\.\w+)*)", path.read_text()):
            module = ROOT / name.replace(".", "/")
            assert module.with_suffix(".py").is_file() or (module / "__main__.py").is_file(), name


def test_headings_become_anchors_as_on_github(tmp_path):
    document = tmp_path / "a.md"
    document.write_text("# Noise & scale\n```\n# no heading\n```\n## What is `bounded`, and how\n")
    assert anchors(document) == {"noise--scale", "what-is-bounded-and-how"}


def test_every_picture_of_docs_is_shown_somewhere():
    shown = {(path.parent / target).resolve() for path in DOCUMENTS for target in targets(path)}
    assert {path for path in (ROOT / "docs").glob("*.jpg")} <= shown


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 100


def test_the_readme_has_the_head_of_a_space():
    front = dict(re.findall(r"^(\w+): (.+)$", README.split("---")[1], re.M))
    gradio = re.search(r"^gradio==(\S+)$", (ROOT / "requirements.txt").read_text(), re.M)[1]
    assert front["sdk"] == "gradio" and front["sdk_version"] == gradio
    assert (ROOT / front["app_file"]).is_file() and front["app_file"] == "app.py"


def links_of_the_page():
    return [(path.name, t) for path in DOCUMENTS for t in targets(path) if t.startswith(PAGE)]


def test_the_readme_has_five_links_that_open_views():
    links = [target for name, target in links_of_the_page() if name == "README.md"]
    assert len(links) == 5 and {read(urlsplit(link).query)[0].view for link in links} == {
        "noise-scale",
        "sampling",
        "autoencoders",
    }


@pytest.mark.parametrize(("name", "target"), links_of_the_page())
def test_nothing_in_a_link_to_the_page_is_ignored(name, target):
    query = urlsplit(target).query
    assert query.startswith("v=1&") and read(query)[1] == ()


def test_the_folders_of_the_readme_exist():
    table = re.search(r"^\| folder .*?(?=\n\n)", README, re.M | re.S)[0]
    base, named = ROOT, re.findall(r"`([\w/]+)/`", table)
    assert len(named) >= 12
    for line in table.splitlines()[2:]:
        first, *others = re.findall(r"`([\w/]+)/`", line.split("|")[1])
        base = (ROOT / first).parent
        for folder in [ROOT / first, *(base / other for other in others)]:
            assert folder.is_dir(), folder


def test_the_readme_s_use_as_a_library_runs(capsys):
    (code,) = re.findall(r"^```python\n(.*?)^```$", README, re.M | re.S)
    assert len(code.strip().splitlines()) <= 10
    names = {}
    exec(code.replace("sigmas(18)", "sigmas(2)"), names)
    assert names["last"].x0.shape == (1, 3, 64, 64) and "tensor" in capsys.readouterr().out
