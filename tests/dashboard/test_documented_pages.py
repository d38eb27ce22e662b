"""docs/reference/pages.md: every address, parameter and table of the dashboard is on the page."""

from __future__ import annotations

import html
import re
from pathlib import Path

import httpx
import pytest
from starlette.routing import Route

from modeltap.config.metrics import CATALOGUE
from modeltap.dashboard.access import DashboardAccess
from modeltap.dashboard.dashboard_app import dashboard_app

TEXT = (Path(__file__).parents[2] / "docs/reference/pages.md").read_text()
ADDRESSES, _, TABLES = TEXT.partition("\n## Tables\n")
LINES = [line.split("|")[1:-1] for line in TABLES.splitlines() if line.startswith("| `/")]
DOCUMENTED = {page.strip(" `"): set(re.findall(r"`(\w+)`", tables)) for page, tables in LINES}
VISITED = {
    "/": "/",
    "/models/{model}": "/models/m?feature=amount",
    "/exchanges": "/exchanges",
    "/exchanges/{id}": None,
    "/alerts": "/alerts",
    "/alerts/{id}": None,
    "/review": "/review?model=m",
    "/health": "/health",
}
"""An address of each page with tables."""

OPENED = (200, 303)


def test_every_address_is_documented(store):
    """A page that was added or renamed has its row."""
    app = dashboard_app(store, DashboardAccess())
    paths = {re.sub(r":\w+}", "}", r.path) for r in app.routes if isinstance(r, Route)}
    assert paths == set(re.findall(r"^\| `(/.*?)` \|", ADDRESSES, re.M))


def test_every_field_of_the_search_is_documented(pages):
    """The names of the form's fields are the parameters of the address."""
    form = re.search(r"<form.*?</form>", pages.get("/exchanges?alert=x").text, re.S)[0]
    (row,) = [line for line in ADDRESSES.splitlines() if line.startswith("| `/exchanges` |")]
    names = set(re.findall(r'name="(\w+)"', form))
    assert names and names <= set(re.findall(r"`(\w+)`", row))


@pytest.mark.parametrize("page", DOCUMENTED)
def test_every_table_is_documented_and_is_data(pages, page):
    """Each link to a table leads to JSON; a table that is not listed is a metric's."""
    address = VISITED[page]
    if address is None:
        listed = page.removesuffix("/{id}")
        (row, *_) = pages.get(f"{listed}?table={listed[1:]}&format=json").json()
        address = f"{listed}/{row['id']}"
    linked = set(re.findall(r"table=(\w+)", pages.get(address).text))
    assert linked - DOCUMENTED[page] <= set(CATALOGUE)
    # A page does not link to a table that has no rows, and a model may have no groups.
    for table in linked | (DOCUMENTED[page] - {"groups"}):
        joint = "&" if "?" in address else "?"
        response = pages.get(f"{address}{joint}table={table}&format=json")
        assert response.status_code == 200 and isinstance(response.json(), list), table


@pytest.mark.parametrize("page", ["/", "/models/m?feature=amount", "/alerts", "/exchanges"])
def test_no_link_leads_nowhere(pages, page):
    """Links of one form, such as those to exchanges, are tried once."""
    links = re.findall(r'href="([^"#]+)', pages.get(page).text)
    clicked = "cell="  # a browser adds where it was clicked
    links = [link for link in links if clicked not in link]
    forms = {re.sub(r"[0-9a-f_-]{8,}|=[^&]*", "", link): html.unescape(link) for link in links}
    assert len(forms) > 5
    base = httpx.URL("http://127.0.0.1:8400").join(page)
    broken = [
        link for link in forms.values() if pages.get(str(base.join(link))).status_code not in OPENED
    ]
    assert broken == []
