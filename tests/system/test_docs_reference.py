"""docs/reference: every command, option, metric, rule, table, hook and public name is on a page."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import click
import msgspec
import pytest

import modeltap
from modeltap.alerts import rules as default_rules
from modeltap.cli.main import cli
from modeltap.config.evaluation.evaluator_settings import EvaluatorSettings
from modeltap.config.evaluation.judge_settings import JudgeSettings
from modeltap.config.evaluation.price_settings import PriceSettings
from modeltap.config.group_settings import GroupSettings
from modeltap.config.improving.retrain_settings import RetrainSettings
from modeltap.config.mapping_settings import MappingSettings
from modeltap.config.metrics import CATALOGUE
from modeltap.config.rule_settings import RuleSettings
from modeltap.config.schedule_settings import ScheduleSettings
from modeltap.config.sending.otel_settings import OtelSettings
from modeltap.config.settings import FeatureSettings, ModelSettings, Settings
from modeltap.config.webhook_settings import WebhookSettings
from modeltap.hookspecs import (
    attach,
    decode,
    decode_many,
    format_event,
    measure,
    score,
    send_event,
)
from modeltap.store.connection import connect

REFERENCE = Path(__file__).parents[2] / "docs/reference"
COMMANDS, OPTIONS, METRICS, RULES, TABLES, HOOKS, PYTHON = (
    (REFERENCE / f"{name}.md").read_text()
    for name in ("commands", "options", "metrics", "rules", "tables", "hooks", "python")
)
DEFAULTS = msgspec.structs.asdict(Settings())


def section(text, title):
    """Return a section of a page, up to the next heading that is not below it."""
    level = title.partition(" ")[0]
    _, heading, rest = text.partition(f"\n{title}\n")
    assert heading, title
    return re.split(rf"^#{{2,{len(level)}}} ", rest, maxsplit=1, flags=re.M)[0]


def first_cells(text):
    """Return the names in the first cells of a text's tables."""
    rows = re.findall(r"^\| (`.*?) \|", text, re.M)
    return {name for row in rows for name in re.findall(r"`([\w.]+)`", row)}


def commands(group=cli, words=("modeltap",)):
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*words, name))
        else:
            yield (*words, name), command


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


def test_every_documented_command_exists():
    """A section of a command that was renamed or deleted fails."""
    titles = re.findall(r"^### (modeltap .*)$", COMMANDS, re.M)
    assert set(titles) == {" ".join(words) for words, _ in commands()}


@pytest.mark.parametrize("name", Settings.__struct_fields__)
def test_every_option_is_documented(name):
    """In a row of its own, with its default if that is a single value."""
    default = DEFAULTS[name]
    value = f"`{json.dumps(default)}`" if isinstance(default, (str, int, float)) else ".*"
    assert re.search(rf"^\| `{name}` \| {value} \|", OPTIONS, re.M), (name, value)


@pytest.mark.parametrize(
    ("title", "struct"),
    [
        ("Analysis", ModelSettings),
        ("Features", FeatureSettings),
        ("Evaluators", EvaluatorSettings),
        ("Groups", GroupSettings),
        ("Judge", JudgeSettings),
        ("Prices", PriceSettings),
        ("Mappings", MappingSettings),
        ("OpenTelemetry", OtelSettings),
        ("Retraining", RetrainSettings),
        ("Webhooks", WebhookSettings),
    ],
)
def test_every_option_of_a_table_is_documented(title, struct):
    """In the section of the table, and nothing else is there."""
    names = set(struct.__struct_fields__)
    documented = first_cells(section(OPTIONS, f"## {title}"))
    assert names <= documented
    assert struct is ModelSettings or documented - names <= {"type"}


def test_every_schedule_is_documented():
    """With the prefix `schedules`."""
    documented = first_cells(section(OPTIONS, "## Schedules"))
    assert {f"schedules.{name}" for name in ScheduleSettings.__struct_fields__} <= documented


def test_every_part_of_a_rule_is_documented():
    """Under its name in the file, `for` for one."""
    documented = first_cells(section(RULES, "## Options of a rule"))
    assert documented == set(RuleSettings.__struct_encode_fields__)


@pytest.mark.parametrize("rule", default_rules.DEFAULT_RULES.values(), ids=lambda rule: rule.name)
def test_every_rule_is_documented(rule):
    """With its severity, if it is built in."""
    text = section(RULES, "## Built-in rules")
    line = next((line for line in text.splitlines() if line.startswith(f"| `{rule.name}`")), "")
    own = text.partition("are names for rules of your own")[0].rpartition("\n")[2]
    assert line.endswith(f"| {rule.severity} |") if line else f"`{rule.name}`" in own


def test_every_metric_is_documented():
    """Each metric that rules may use, apart from those that only built-in rules have."""
    rows = [line.split("|") for line in METRICS.splitlines() if line.startswith("| `")]
    cells = "".join(row[1] for row in rows if len(row) == 6)
    of_rules = set(default_rules.DEFAULT_RULES) - {"capture_loss", "concept_drift", "error_rate"}
    assert set(re.findall(r"`(\w+)`", cells)) == set(CATALOGUE) - of_rules


def test_every_table_and_column_is_documented(store):
    """Each table and each view has a section, and each column a row in it."""
    connection = connect(store)
    named = (
        "select name from sqlite_master where type in ('table', 'view') "
        "and name not like '%sqlite_%'"
    )
    for (table,) in connection.execute(named).fetchall():
        columns = {row["name"] for row in connection.execute(f'pragma table_xinfo("{table}")')}
        documented = first_cells(section(TABLES, f"## {table}"))
        assert columns <= documented, (table, columns - documented)


HOOK_FUNCTIONS = (attach, decode, decode_many, measure, score, format_event, send_event)


@pytest.mark.parametrize("hook", HOOK_FUNCTIONS)
def test_every_hook_is_documented(hook):
    """In the table, with its arguments."""
    arguments = ", ".join(inspect.signature(hook).parameters)
    assert f"| `{hook.__name__}({arguments})` |" in HOOKS


@pytest.mark.parametrize("name", modeltap.__all__)
def test_every_public_name_is_documented(name):
    """Functions and middlewares with their signature; `capture` has two."""
    value = getattr(modeltap, name)
    if name.endswith("Middleware") or (inspect.isfunction(value) and name != "capture"):
        parameters = inspect.signature(value).parameters.values()
        plain = [entry.replace(annotation=inspect.Parameter.empty) for entry in parameters]
        assert f"`{name}{inspect.Signature(plain)}`" in PYTHON
    else:
        assert re.search(rf"`{name}[`(]", PYTHON)


@pytest.mark.parametrize("name", [n for n in modeltap.__all__ if not n.endswith("Error")])
def test_every_public_name_has_a_docstring(name):
    """One line at least."""
    assert getattr(modeltap, name).__doc__


def test_the_examples_of_the_python_reference_run():
    """Top to bottom, as one program."""
    blocks = re.findall(r"```python\n(.*?)```", PYTHON, re.S)
    program = "\n".join([*blocks, 'print(rows["prediction"].tolist())'])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[186.66666666666666, 93.3]\n", done.stderr
