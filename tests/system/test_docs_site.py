"""The documentation's site: it builds without a warning, is complete, and loads nothing remote."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

if find_spec("material") is None or find_spec("mkdocs") is None:
    pytest.skip('pip install "modeltap[docs]"', allow_module_level=True)

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
COUNTED = ("h1", "h2", "h3", "h4", "li", "tr", "pre", "img")
"""Elements that a difference between two dialects of Markdown would add or remove."""


def build(project, site):
    """Build the site of a folder as the documented command does."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the built site; a link or an anchor without a target fails here."""
    folder = tmp_path_factory.mktemp("site")
    done = build(ROOT, folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_a_broken_link_or_a_page_without_navigation_stops_the_build(tmp_path):
    """The warning names each page, heading and picture that does not exist."""
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    (tmp_path / "docs" / "lonely.md").write_text(
        "# Lonely\n\n[x](missing.md) [y](labels.md#no-such-heading) ![z](pictures/missing.png)\n"
    )
    done = build(tmp_path, tmp_path / "site")
    assert done.returncode == 1
    messages = "link 'missing.md'", "anchor '#no-such-heading'", "'pictures/missing.png'"
    for message in ("  - lonely.md", *messages):
        assert message in done.stderr


class Elements(HTMLParser):
    """Counts the elements of a page's text, without the theme around it."""

    def __init__(self, html):
        super().__init__()
        self.counts = Counter()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag in COUNTED:
            self.counts[tag] += 1


def built(site, page):
    """Return the HTML of a page in the site."""
    name = page.relative_to(ROOT / "docs").with_suffix("")
    folder = site / name.parent if name.name == "index" else site / name
    return (folder / "index.html").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_the_same_parts_in_the_site_and_in_the_repository(site, page):
    """Lists, tables and code blocks are recognised by both readings of Markdown."""
    article = re.search(r"<article.*?</article>", built(site, page), re.S)[0]
    rendered = MarkdownIt("commonmark").enable("table").render(page.read_text())
    assert Elements(article).counts == Elements(rendered).counts


def test_links_out_of_the_folder_lead_to_the_repository(site):
    """CONTRIBUTING.md, the benchmarks and the examples are no pages of the site."""
    source = "https://github.com/modeltap/modeltap/blob/main/"
    html = built(site, ROOT / "docs/index.md")
    assert f'href="{source}CONTRIBUTING.md"' in html
    for path in {path for page in PAGES for path in re.findall(rf'href="{source}([^"#]+)', html)}:
        assert (ROOT / path).exists()


class Loaded(HTMLParser):
    """Collects the addresses that a browser loads without a click."""

    def __init__(self, html):
        super().__init__()
        self.addresses = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag in ("script", "img", "iframe", "source", "video", "audio", "embed"):
            self.addresses.append(values.get("src"))
        if tag == "link" and values.get("rel") not in ("canonical", "next", "prev"):
            self.addresses.append(values.get("href"))


def test_no_page_loads_anything_from_elsewhere(site):
    """Scripts, styles, fonts and pictures are files of the site."""
    for page in site.rglob("*.html"):
        addresses = [address for address in Loaded(page.read_text()).addresses if address]
        assert addresses and not [a for a in addresses if re.match(r"(\w+:)?//", a)], page
    for sheet in site.rglob("*.css"):
        assert not re.findall(r"(?:url\(|@import )[\"']?(?:https?:)?//", sheet.read_text()), sheet


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a log."""

    def log_message(self, *args):
        pass


@contextmanager
def served(folder):
    """Serve a folder on loopback; yield its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="apt-get install chromium")
def test_a_browser_reads_and_searches_the_site_without_a_network(site):
    """No request leaves the machine, and no script fails."""
    api = pytest.importorskip("playwright.sync_api")
    requests, errors = [], []
    with served(site) as url, api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        for path in ("/", "/tutorial/", "/reference/options/"):
            page.goto(url + path)
        page.fill("input.md-search__input", "webhook")
        page.wait_for_selector(".md-search-result__item", timeout=60_000)
        browser.close()
    assert len(requests) > 10 and errors == []
    assert [address for address in requests if not address.startswith(url)] == []
