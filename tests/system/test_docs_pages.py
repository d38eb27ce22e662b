"""The documentation as a set of pages: every page is in the index, and every link has a target."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
FOLDERS = ("docs", "examples", "benchmarks")
LINKING = sorted([*ROOT.glob("*.md"), *(p for f in FOLDERS for p in (ROOT / f).rglob("*.md"))])


def without_code(text):
    """Return a page without its code blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)


def anchors(page):
    """Return the anchors of a page's headings, as GitHub derives them."""
    titles = re.findall(r"^#+ (.+)$", without_code(page.read_text()), re.M)
    plain = [re.sub(r"\[(.*?)\]\(.*?\)", r"\1", title) for title in titles]
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in plain}


def links(page):
    """Return the targets of a page's relative links."""
    targets = re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text()))
    return [target for target in targets if not target.startswith(("https:", "http:"))]


@pytest.mark.parametrize("page", LINKING, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_has_a_target(page):
    """Files exist, and so do the headings that anchors name."""
    for link in links(page):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_that_the_code_names_exists():
    """In docstrings, comments and texts that people see."""
    folders = (ROOT / "middleware", ROOT / "plugins", ROOT / "scripts", ROOT / "tests")
    files = [path for folder in folders for path in folder.rglob("*.py")]
    names = {name for path in files for name in re.findall(r"docs/[\w/-]+\.md", path.read_text())}
    assert len(names) > 10
    assert {name for name in names if not (ROOT / name).exists()} == set()


def test_the_index_lists_every_page():
    """README leads to the index, and the index to all others."""
    index = DOCS / "index.md"
    listed = {(DOCS / link.partition("#")[0]).resolve() for link in links(index)}
    assert {page for page in PAGES if page != index} <= listed
    readme = (ROOT / "README.md").read_text()
    assert "docs/index.md" in readme and "docs/threat-model.md" in readme


def test_the_navigation_of_the_site_lists_every_page():
    """Each page once, under a task (test_docs_site.py builds the site)."""
    navigation = (ROOT / "mkdocs.yml").read_text().partition("\nnav:\n")[2]
    listed = re.findall(r"- (?:[^:\n]+: )?([\w/-]+\.md)$", navigation, re.M)
    assert sorted(listed) == sorted(page.relative_to(DOCS).as_posix() for page in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_a_page_begins_with_the_question_it_answers(page):
    """The first paragraph after the title asks it."""
    paragraphs = [text for text in page.read_text().split("\n\n") if text.strip()]
    assert paragraphs[0].startswith("# ")
    assert "?" in paragraphs[1]


MAX_CELL = 200
"""Characters that readers see in a cell: a sentence or two."""


@pytest.mark.parametrize("page", LINKING, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_table_cell_holds_no_paragraph(page):
    """A longer text goes below the table, with a link from the cell."""
    for line in without_code(page.read_text()).splitlines():
        if line.startswith("|"):
            shown = re.sub(r"\[(.*?)\]\([^)]*\)", r"\1", line.strip("| "))
            for cell in re.split(r"(?<!\\)\|", shown):
                assert len(cell.strip()) <= MAX_CELL, cell


def test_the_glossary_is_short_and_in_order():
    """Each term once, in at most three sentences."""
    entries = re.findall(r"^\*\*(.+?)\*\*: (.+)$", (DOCS / "glossary.md").read_text(), re.M)
    terms = [term.lower() for term, _ in entries]
    assert len(terms) > 50 and terms == sorted(set(terms))
    for term, text in entries:
        assert text.endswith(".") and len(re.findall(r"\.(?: |$)", text)) <= 3, term
