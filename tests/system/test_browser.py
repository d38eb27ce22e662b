"""The dashboard in a real browser, on a store whose names and payloads are hostile."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time

import pytest

from hostile_store import fill

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
INSTALL = "apt-get install chromium && pip install playwright axe-playwright-python"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=INSTALL)
sync_api = pytest.importorskip("playwright.sync_api", reason=INSTALL)
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason=INSTALL)

PAGES = ("/", "/alerts", "/exchanges", "/review", "/health")
TOO_WIDE = """[...document.querySelectorAll("body *")]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
    .filter(e => !e.closest(".scroll, pre, svg"))
    .map(e => e.tagName + "." + e.className + ": " + e.outerHTML.slice(0, 100))"""

SMALLEST = """Math.min(...[...document.querySelectorAll("main svg:not(.heat-map) text")]
    .map(t => parseFloat(getComputedStyle(t).fontSize) * t.ownerSVGElement.getScreenCTM().a))"""
"""The size of the smallest letters of charts, in pixels."""

PAYLOADS = {
    "script": "<script>document.title='owned'</script>",
    "image": "<img src=x onerror=\"document.title='owned'\">",
    "attribute": '"><svg onload="document.title=\'owned\'">',
    "template": "{{ 7 * 7 }}{% raw %}",
    "long line": "x" * 20_000,
    "right to left": "\u202eabc\u202c مرحبا",
    "emoji": "🛫👩‍👩‍👧‍👦",
    "escape": "\x1b[31mred\x1b[0m",
}


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """The address of the dashboard of a store with hostile names."""
    folder = tmp_path_factory.mktemp("hostile")
    fill(folder)
    _add_payloads(folder / "taps.db")
    process = subprocess.Popen(
        [sys.executable, "-m", "modeltap", "dashboard", "--port", "0"],
        cwd=folder,
        env=_environment(folder),
        stdout=subprocess.PIPE,
        text=True,
    )
    yield re.search(r"http://[^ /]+", process.stdout.readline())[0]
    process.terminate()
    process.wait(60)
    process.stdout.close()


def _environment(folder):
    return {**os.environ, "MODELTAP_STORE": str(folder / "taps.db")}


def _add_payloads(store):
    with sqlite3.connect(store) as connection:
        # Rows for the review queue: all others have a label.
        connection.execute("delete from labels where seq > (select max(seq) - 50 from labels)")
        for number, text in enumerate(PAYLOADS.values()):
            connection.execute(
                "insert into exchanges (id, model, source, method, path, status, error_type, "
                "error_message, started_at, duration_ms, request_body, response_body, "
                "request_headers, request_note) values (?, ?, 'asgi', ?, ?, 200, ?, ?, "
                "'2024-05-03T00:00:00.000Z', 1, ?, ?, ?, ?)",
                (f"payload-{number}", text[:100], text[:20], text, *[text] * 6),
            )
    connection.close()


@pytest.fixture(scope="module")
def browser(url):
    """A browser; it is started after the store was filled, as both run an event loop."""
    assert url
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser):
    """A page that collects what the browser complains about: scripts, styles, errors."""
    context = browser.new_context()
    opened = context.new_page()
    opened.complaints = []
    opened.on("console", lambda message: opened.complaints.append(message.text))
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    yield opened
    context.close()


def test_hostile_names_and_payloads_are_only_text(page, url):
    """On every page; no script of theirs runs, and the policy has nothing to block."""
    for path in PAGES:
        page.goto(url + path)
        assert page.title().endswith("modeltap")
    for number, text in enumerate(PAYLOADS.values()):
        page.goto(f"{url}/exchanges/payload-{number}")
        assert "owned" not in page.title()
        assert page.locator("main img, main script, main [onload]").count() == 0
        body = page.locator("pre").first.inner_text()
        assert body.startswith(text[:3]) or text[0] in "\u202e\x1b"
    page.goto(url)
    page.locator("h2 a").first.click()
    page.wait_for_selector("svg.heat-map")
    assert page.complaints == []


def test_a_click_on_a_cell_shows_what_moved(page, url):
    page.goto(url)
    page.locator("li.card.alert h2 a").first.click()
    page.locator("svg.heat-map .alerts a").first.click()
    page.wait_for_selector("#feature svg.bar-chart")
    assert page.locator("#feature .reason").inner_text().startswith("amount")
    row = page.locator("svg.heat-map img").first
    row.hover(position={"x": 3, "y": 9})
    page.wait_for_selector("svg.heat-map img[title]", state="attached")
    assert " UTC: " in row.get_attribute("title")


def test_searching_keeps_the_filter_in_the_address(page, url):
    page.goto(f"{url}/exchanges")
    page.keyboard.press("/")
    page.keyboard.type("مرحبا")
    page.keyboard.press("Enter")
    page.wait_for_url("**text=*")
    assert page.locator("table.list tbody tr").count() == 1
    assert page.locator("input[name=text]").input_value() == "مرحبا"


def test_an_alert_is_silenced_by_keyboard(page, url):
    page.goto(f"{url}/alerts")
    card = page.locator("li.card.alert").first
    name = card.get_attribute("id")
    card.locator("summary").focus()
    page.keyboard.press("Enter")
    card.locator("input[name=note]").fill("<b>known</b>")
    card.locator("button[value=silence]").press("Enter")
    page.wait_for_url(f"**#{name}")
    assert "silenced until" in page.locator(f"[id='{name}']").inner_text()
    assert "<b>known</b>" in page.locator(".timeline").inner_text()
    assert page.complaints == []


def test_rows_are_labelled_by_keyboard(page, url):
    """A class by its digit, undo by u, skip by s: the address keeps the place."""
    page.goto(f"{url}/review")
    page.locator("button", has_text="Begin").press("Enter")
    page.wait_for_selector("button[data-key='1']")
    page.keyboard.press("1")
    page.wait_for_selector("button[data-key='u']")
    assert "1 label so far" in page.locator("main").inner_text()
    first = page.url
    page.keyboard.press("u")
    page.wait_for_url(lambda now: now != first)
    assert page.locator("button[data-key='u']").count() == 0
    page.keyboard.press("s")
    page.wait_for_selector("button[data-key='u']")
    assert "Undo skipping" in page.locator("main").inner_text()
    assert page.complaints == []


def test_keys_go_to_pages_and_a_refresh_keeps_what_is_open(page, url):
    page.goto(url)
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_url("**/alerts")
    summary = page.locator("li.card.alert summary").first
    summary.click()
    page.evaluate("document.activeElement.blur()")
    with page.expect_response("**/alerts"):
        page.keyboard.press("r")
    time.sleep(0.3)
    assert page.locator("li.card.alert details").first.get_attribute("open") is not None


def test_a_refresh_keeps_focus_and_scroll(page, url):
    page.goto(f"{url}/health")
    page.set_viewport_size({"width": 360, "height": 700})
    link = page.locator("main [data-refresh] a").nth(2)
    link.focus()
    address = link.get_attribute("href")
    page.evaluate("document.querySelector('.scroll').scrollLeft = 40")
    page.evaluate("source = ''; document.querySelector('[data-refresh]').dataset.old = '1'")
    page.keyboard.press("r")
    page.wait_for_selector("[data-refresh]:not([data-old])")
    assert page.evaluate("document.activeElement.getAttribute('href')") == address
    assert page.evaluate("document.querySelector('.scroll').scrollLeft") == 40
    assert page.complaints == []


def test_times_are_local_if_asked(browser, url):
    """By a key, on all pages; `?` lists the keys."""
    context = browser.new_context(timezone_id="Asia/Tokyo", locale="en-GB")
    page = context.new_page()
    page.goto(f"{url}/exchanges/payload-0")
    shown = page.locator("main time").first
    assert shown.inner_text() == "2024-05-03 UTC"
    page.keyboard.press("t")
    assert "3 May 2024, 09:00:00" in shown.inner_text()
    assert shown.get_attribute("title") == "2024-05-03 UTC"
    page.goto(f"{url}/alerts")
    assert "UTC" not in page.locator("main time").first.inner_text()
    page.keyboard.press("?")
    assert page.locator("#keys dl").is_visible()
    context.close()


def test_pointing_at_a_line_shows_its_value(page, url):
    page.goto(url)
    page.locator("li.card.alert h2 a").first.click()
    point = page.locator("svg.line-chart .points > *").last
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    page.mouse.move(box["x"] + 9, box["y"] - 7)
    page.wait_for_selector(".tip:not([hidden])")
    assert page.locator(".tip").inner_text() == point.locator("title").text_content()
    page.keyboard.press("Escape")
    assert page.locator(".tip").is_hidden()
    assert page.complaints == []


def test_it_works_without_javascript(browser, url):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url)
    page.locator("li.card.alert h2 a").first.click()
    row = page.locator("svg.heat-map img").last  # of a feature without alerts
    row.click(position={"x": row.bounding_box()["width"] - 2, "y": 9})
    page.wait_for_selector("#feature")
    assert "window=" in page.url
    context.close()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_for_those_who_do_not_see_it(browser, url, width, scheme):
    """axe finds nothing serious on any page, and a phone does not scroll sideways."""
    context = browser.new_context(
        bypass_csp=True, color_scheme=scheme, viewport={"width": width, "height": 800}
    )
    page = context.new_page()
    page.goto(url)
    model = page.locator("li.card.alert h2 a").first.get_attribute("href")
    page.goto(f"{url}/alerts")
    alert = page.locator("li.card h2 a").first.get_attribute("href")
    for path in (*PAGES, model, alert, "/exchanges/payload-0"):
        page.goto(url + path)
        found = [
            (violation["id"], [node["html"][:200] for node in violation["nodes"]][:3])
            for violation in axe.Axe().run(page).response["violations"]
            if violation["impact"] in ("serious", "critical")
        ]
        assert found == [], path
        assert page.evaluate(TOO_WIDE) == [], path
        if path == model:
            assert page.evaluate(SMALLEST) >= (11 if width == 360 else 10)
    context.close()
