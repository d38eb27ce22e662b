"""Docs that cannot rot: what they name exists, what exists is in them, what they show runs."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
import sqlite3
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import click
import httpx
import msgspec
import pytest

import modeltap
from modeltap.alerts import rules as default_rules
from modeltap.cli.main import cli
from modeltap.config.metrics import CATALOGUE
from modeltap.config.rule_settings import RuleSettings
from modeltap.config.schedule_settings import ScheduleSettings
from modeltap.config.settings import ModelSettings, Settings
from modeltap.config.sources import load
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.hookspecs import attach, decode, decode_many, format_event, send_event
from modeltap.store.connection import connect

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
REFERENCE = ROOT / "docs/reference"
COMMANDS = (REFERENCE / "commands.md").read_text()
OPTIONS = (REFERENCE / "options.md").read_text()
RULES = (REFERENCE / "rules.md").read_text()
TABLES = (REFERENCE / "tables.md").read_text()
CONFIGURATION = (ROOT / "docs/configuration.md").read_text()
ALERTS = (ROOT / "docs/alerts.md").read_text()
PRODUCTION = (ROOT / "docs/production.md").read_text()


DEFAULTS = msgspec.structs.asdict(Settings())


def commands(group=cli, words=("modeltap",)):
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*words, name))
        else:
            yield (*words, name), command


def section(text, title):
    """Return a section of a page, up to the next heading that is not below it."""
    level = title.partition(" ")[0]
    _, found, rest = text.partition(f"\n{title}\n")
    assert found, title
    return re.split(rf"^#{{2,{len(level)}}} ", rest, maxsplit=1, flags=re.M)[0]


@pytest.mark.parametrize(("words", "command"), list(commands()), ids=lambda v: str(v)[:40])
def test_every_command_and_option_is_documented(words, command):
    """In the command's own section, or among the common options."""
    common = section(COMMANDS, "## Common options")
    text = section(COMMANDS, f"### {' '.join(words)}")
    if words[-2:] == ("reference", "set"):
        text += section(COMMANDS, "### modeltap import")
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            names = parameter.opts + parameter.secondary_opts
            assert any(re.search(rf"{name}\b", text + common) for name in names), names


@pytest.mark.parametrize("name", Settings.__struct_fields__)
def test_every_option_is_documented(name):
    """In a row of its own, with its default where that is one value."""
    default = DEFAULTS[name]
    value = f"`{json.dumps(default)}`" if isinstance(default, (str, int, float)) else ".*"
    assert re.search(rf"^\| `{name}` \| {value} \|", OPTIONS, re.M), (name, value)


@pytest.mark.parametrize(
    "name", sorted({*ModelSettings.__struct_fields__, *WebhookSettings.__struct_fields__})
)
def test_every_option_of_models_and_webhooks_is_documented(name):
    """In the table or in the example."""
    assert re.search(rf"\b{name}\b", OPTIONS + CONFIGURATION)


def test_the_example_file_is_valid(tmp_path):
    """docs/configuration.md's own."""
    (text,) = re.findall(r"```toml\n(.*?)```", CONFIGURATION, re.S)
    (tmp_path / "modeltap.toml").write_text(text)
    settings = load(environ={})
    assert settings.for_model("flights").event_time == "body:time"
    assert settings.webhooks[0].secret == "env:ALERT_SECRET"


@pytest.mark.parametrize("text", re.findall(r"```toml\n(.*?)```", ALERTS + PRODUCTION, re.S))
def test_the_examples_of_alerts_are_valid(tmp_path, text):
    """Each as a file of its own."""
    (tmp_path / "modeltap.toml").write_text(text)
    load(environ={})


@pytest.mark.parametrize("rule", default_rules.DEFAULT_RULES.values(), ids=lambda rule: rule.name)
def test_every_rule_is_documented(rule):
    """With its severity, where it fires by itself."""
    line = next((line for line in RULES.splitlines() if line.startswith(f"| `{rule.name}`")), "")
    named = f"`{rule.name}`" in RULES.partition("are names for rules of your own")[0]
    assert line.endswith(f"| {rule.severity} |") if line else named


@pytest.mark.parametrize(
    "name", [*RuleSettings.__struct_encode_fields__, *ScheduleSettings.__struct_fields__]
)
def test_every_part_of_rules_and_schedules_is_documented(name):
    """In docs/reference, or in an example."""
    text = RULES + OPTIONS + PRODUCTION
    assert f"`{name}`" in text or re.search(rf"^{name} = ", text, re.M)


@pytest.mark.parametrize("path", sorted((ROOT / "plugins/modeltap_channels").glob("*.py")))
def test_every_channel_is_documented(path):
    """By its format's name."""
    for name in re.findall(r'webhook\.format != "(\w+)"', path.read_text()):
        assert f"| `{name}`" in ALERTS


def test_every_metric_is_documented():
    """The reference has each metric that rules may use, but for those of built-in rules."""
    text = (REFERENCE / "metrics.md").read_text()
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| `")]
    table = "".join(row[1] for row in rows if len(row) == 6)
    assert set(re.findall(r"`(\w+)`", table)) == set(CATALOGUE) - set(
        default_rules.DEFAULT_RULES
    ) | {
        "capture_loss",
        "error_rate",
    }


def test_every_table_and_column_is_documented(store):
    """In docs/reference/tables.md."""
    connection = connect(store)
    tables = [
        row[0]
        for row in connection.execute(
            "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
        )
    ]
    for table in tables:
        if table == "_sqlite_migrations":
            continue
        text = section(TABLES, f"## {table}")
        for column in connection.execute(f'pragma table_xinfo("{table}")'):
            assert f"`{column['name']}`" in text, (table, column["name"])


@pytest.mark.parametrize("hook", [attach, decode, decode_many, format_event, send_event])
def test_every_hook_is_documented(hook):
    """In the table, with its arguments."""
    arguments = ", ".join(inspect.signature(hook).parameters)
    assert f"| `{hook.__name__}({arguments})` |" in (REFERENCE / "hooks.md").read_text()


@pytest.mark.parametrize("path", sorted((ROOT / "plugins/modeltap_serving").glob("*_app.py")))
def test_every_framework_is_documented(path):
    """In docs/frameworks.md, by the plugin's name."""
    name = path.name.removesuffix("_app.py")
    assert name in (ROOT / "docs/frameworks.md").read_text().lower()


PYTHON = (REFERENCE / "python.md").read_text()


@pytest.mark.parametrize("name", modeltap.__all__)
def test_every_public_name_is_documented(name):
    """In docs/reference/python.md; functions with their signature."""
    thing = getattr(modeltap, name)
    if inspect.isfunction(thing) and name not in ("capture", "hookimpl"):
        parameters = inspect.signature(thing).parameters.values()
        plain = [one.replace(annotation=inspect.Parameter.empty) for one in parameters]
        assert f"`{name}{inspect.Signature(plain)}`" in PYTHON
    else:
        assert re.search(rf"`{name}[`(]", PYTHON)


def test_the_examples_of_the_python_reference_run():
    """Top to bottom, as one program."""
    blocks = re.findall(r"```python\n(.*?)```", PYTHON, re.S)
    program = "\n".join([*blocks, 'print(rows["prediction"].tolist())'])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[186.66666666666666, 93.3]\n", done.stderr


@pytest.mark.parametrize("name", [n for n in modeltap.__all__ if not n.endswith("Error")])
def test_every_public_name_has_a_docstring(name):
    """One line at least."""
    assert getattr(modeltap, name).__doc__


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
    found = Decoders().decode(Payload("/", None, 200, request, response, mapping=mapping))
    assert found.rows == [{"income": 41000}, {"income": 9000}]
    assert (found.predictions, found.scores, found.id) == (["grant", "refuse"], [0.93, 0.71], "j-7")


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
    files = [p for folder in folders for p in (ROOT / folder).rglob("*") if p.is_file()]
    for path in [*files, *ROOT.glob("*.md"), ROOT / "pyproject.toml"]:
        text = path.read_text(errors="replace")
        assert "pypi" + ".org" not in text and "files.python" + "hosted" not in text, path


def test_the_examples_of_calls_run(tmp_path, read_rows):
    """Decorated and told; the label finds its exchange."""
    text = (ROOT / "docs/calls.md").read_text()
    told: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(block, told)
    assert modeltap.flush(10)
    rows = read_rows(tmp_path / "modeltap.db")
    assert [row["response_body"] for row in rows] == [
        '{"prediction":186.66666666666666}',
        '{"prediction":187.5}',
    ]
    labels = read_rows(tmp_path / "modeltap.db", "select * from labels")
    assert [(row["exchange_id"], row["value"]) for row in labels] == [(told["exchange"], 191.0)]


def test_the_tests_that_the_threat_model_names_exist():
    """Each claim has one; a renamed test is renamed there."""
    text = (ROOT / "docs/threat-model.md").read_text()
    named = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", text)
    assert len(named) > 20
    for file, test in named:
        assert f"def {test}" in (ROOT / "tests" / file).read_text(), (file, test)
