"""The examples of the task pages run, and the pages list every framework, protocol and channel."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import sys
import types
from pathlib import Path
from typing import Any

import httpx
import pytest

import modeltap
from modeltap.config.settings import EXCLUDED_PATHS
from modeltap.config.sources import load
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.tap.choosing.probes import is_probe

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
CONFIGURATION = (ROOT / "docs/configuration.md").read_text()
ALERTS = (ROOT / "docs/alerts.md").read_text()
PRODUCTION = (ROOT / "docs/production.md").read_text()


def test_the_example_file_is_valid(tmp_path):
    """docs/configuration.md's own."""
    (text,) = re.findall(r"```toml\n(.*?)```", CONFIGURATION, re.S)
    (tmp_path / "modeltap.toml").write_text(text)
    settings = load(environ={})
    assert settings.for_model("flights").event_time == "body:time"
    assert settings.webhooks[0].secret == "env:ALERT_SECRET"


def test_the_configuration_in_python_is_valid():
    """docs/configuration.md's keywords."""
    (code,) = re.findall(r"```python\n(.*?)```", CONFIGURATION, re.S)
    names: dict[str, Any] = {}
    exec(code, names)
    assert type(names["app"]).__name__ == "FastAPI"


def test_the_configuration_in_variables_is_valid():
    """docs/configuration.md's example of a list."""
    name, value = re.search(r"`(MODELTAP_METHODS)=(.*?)`", CONFIGURATION).groups()
    assert load(environ={name: value}).methods == ("POST", "PUT")


def test_the_excluded_paths_are_documented():
    """By name, unless the form of the path shows that it is a probe."""
    text = CONFIGURATION.partition("## Requests that are not recorded")[2]
    for path in EXCLUDED_PATHS:
        assert f"`{path}`" in text or is_probe("GET", path.replace("*", "x")), path


@pytest.mark.parametrize("text", re.findall(r"```toml\n(.*?)```", ALERTS + PRODUCTION, re.S))
def test_the_examples_of_alerts_are_valid(tmp_path, text):
    """Each is a valid modeltap.toml."""
    (tmp_path / "modeltap.toml").write_text(text)
    load(environ={})


@pytest.mark.parametrize("path", sorted((ROOT / "plugins/modeltap_channels").glob("*.py")))
def test_every_channel_is_documented(path):
    """By its format's name."""
    for name in re.findall(r'webhook\.format != "(\w+)"', path.read_text()):
        assert f"| `{name}`" in ALERTS


@pytest.mark.parametrize("path", sorted((ROOT / "plugins/modeltap_serving").glob("*_app.py")))
def test_every_framework_is_documented(path):
    """In docs/frameworks.md, by the plugin's name."""
    name = path.name.removesuffix("_app.py")
    assert name in (ROOT / "docs/frameworks.md").read_text().lower()


def test_the_readmes_app_runs():
    """The first Python block, as it stands."""
    code = re.findall(r"```python\n(.*?)```", README, re.S)[0]
    module = types.ModuleType("readme")
    exec(code, module.__dict__)
    assert type(module.app).__name__ == "FastAPI"


def test_the_readmes_test_command_is_the_one_ci_runs():
    """Newcomers and CI do the same."""
    assert 'pip install -e ".[test]" && python -Im pytest\n' in README
    assert "python -Im pytest" in (ROOT / "scripts/test").read_text()


def test_the_plugins_in_the_docs_work():
    """docs/plugins.md's decoder, webhook format and framework, called as modeltap calls them."""
    from modeltap.payload import Payload

    text = (ROOT / "docs/plugins.md").read_text()
    names: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", text, re.S):
        exec(code, names)
    own = Payload(path="/fahrenheit", query=None, status=200, request="71.5", response="21.9")
    decoded = names["decode"](own)
    assert (decoded.rows, decoded.predictions) == ([{"fahrenheit": 71.5}], [21.9])
    other = Payload(path="/", query=None, status=200, request="71.5", response=None)
    assert names["decode"](other) is None
    event = {"type": "test", "data": {"summary": "all well"}}
    webhook = WebhookSettings(url="https://example.org", format="one_line")
    body, headers = names["format_event"](event, webhook)
    assert json.loads(body) == {"text": "all well"} and headers
    assert names["format_event"](event, WebhookSettings(url="https://example.org")) is None


def test_the_framework_in_the_docs_is_tapped(tmp_path, monkeypatch):
    """docs/plugins.md's hook puts the tap inside the application."""
    names: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", (ROOT / "docs/plugins.md").read_text(), re.S):
        exec(code, names)

    class Handler:
        asgi = "the framework's own"

    app = names["attach"](Handler(), "flights", {"store": tmp_path / "taps.db"})
    assert type(app.asgi) is modeltap.ASGIMiddleware
    assert names["attach"](object(), "flights", {}) is None


PROTOCOLS = (ROOT / "docs/protocols.md").read_text()


def protocol_modules():
    for path in sorted((ROOT / "plugins/modeltap_protocols").glob("*.py")):
        if "\n@hookimpl" in path.read_text() and path.stem != "mapping":
            yield path.stem


@pytest.mark.parametrize("name", list(protocol_modules()))
def test_every_protocol_is_documented(name):
    """By its module's name."""
    names = [line.split("|")[1] for line in PROTOCOLS.splitlines() if line.startswith("| `")]
    assert any(f"`{name}`" in cell for cell in names)


def test_the_mappings_in_the_docs_work(tmp_path):
    """docs/protocols.md's own, with the bodies that it shows."""
    from modeltap.decoding.decoders import Decoders
    from modeltap.payload import Payload

    for text in re.findall(r"```toml\n(.*?)```", PROTOCOLS, re.S):
        (tmp_path / "modeltap.toml").write_text(text)
        settings = load(environ={})
    request, response = re.findall(r"```json\n(.*?)```", PROTOCOLS, re.S)
    mapping = settings.for_model("loans").mapping
    decoded = Decoders().decode(Payload("/", None, 200, request, response, mapping=mapping))
    assert decoded.rows == [{"income": 41000}, {"income": 9000}]
    assert (decoded.predictions, decoded.scores, decoded.id) == (
        ["grant", "refuse"],
        [0.93, 0.71],
        "j-7",
    )


async def posted(app):
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return (await client.post("/predict", json={"distance": 800})).json()


@pytest.mark.parametrize("name", sorted(p.name for p in (ROOT / "examples").glob("*.py")))
def test_every_example_runs_and_is_tapped(name, tmp_path, monkeypatch):
    """Imported as it is and asked for a prediction."""
    code = (ROOT / "examples" / name).read_text()
    module = types.ModuleType(name.removesuffix(".py"))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(code, name, "exec"), module.__dict__)
    app = module.app
    if hasattr(app, "test_client"):
        answer = app.test_client().post("/predict", json={"distance": 800}).json
    else:
        answer = asyncio.run(posted(app))
    assert answer == {"prediction": 120}
    assert modeltap.flush(20)
    rows = sqlite3.connect("modeltap.db").execute(
        "select model, json_extract(response_body, '$.prediction') from exchanges"
    )
    assert rows.fetchall() == [("flights", 120)]


def test_no_file_names_a_registry():
    """The project speaks of itself alone; a virtual environment in its folder is not it."""
    folders = ("middleware", "plugins", "tests", "docs", "examples", "benchmarks", "scripts", ".ci")
    files = [
        p
        for folder in folders
        for p in (ROOT / folder).rglob("*")
        if p.is_file() and p.parent.name != "__pycache__"
    ]
    for path in [*files, *ROOT.glob("*.md"), ROOT / "pyproject.toml"]:
        text = path.read_text(errors="replace")
        assert "pypi" + ".org" not in text and "files.python" + "hosted" not in text, path


def test_the_examples_of_calls_run(tmp_path, read_rows):
    """A decorated function and a single call; the label joins its exchange."""
    text = (ROOT / "docs/calls.md").read_text()
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(block, names)
    assert modeltap.flush(10)
    rows = read_rows(tmp_path / "modeltap.db")
    assert [row["response_body"] for row in rows] == [
        '{"prediction":186.66666666666666}',
        '{"prediction":187.5}',
    ]
    labels = read_rows(tmp_path / "modeltap.db", "select * from labels")
    assert [(row["exchange_id"], row["value"]) for row in labels] == [(names["exchange"], 191.0)]


def test_the_tests_that_the_threat_model_names_exist():
    """Each claim has one; a renamed test is renamed there."""
    text = (ROOT / "docs/threat-model.md").read_text()
    named = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", text)
    assert len(named) > 20
    for file, test in named:
        assert f"def {test}" in (ROOT / "tests" / file).read_text(), (file, test)


def test_copies_of_a_store_are_private():
    """They contain what people sent, and SQLite's own tool makes them as the umask says."""
    lines = [
        line
        for page in sorted((ROOT / "docs").rglob("*.md"))
        for line in page.read_text().splitlines()
        if "vacuum into" in line
    ]
    assert len(lines) == 2
    assert all("umask 077" in line for line in lines)
