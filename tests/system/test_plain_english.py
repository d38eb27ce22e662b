"""Plain English: no phrase of `dialect` in help, messages, docs, docstrings and comments."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from dialect import LEGITIMATE, NAMES, OPENINGS, PHRASES
from modeltap.cli.main import cli

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    file
    for folder in ("middleware", "plugins", "examples", "benchmarks")
    for file in (ROOT / folder).rglob("*.py")
)
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def problems(text: str, phrases=PHRASES) -> list[str]:
    """Return the phrases in `text`, each with what to write instead."""
    return [
        f"{match[0]!r} in {text[max(0, match.start() - 40) : match.end() + 40]!r}: {phrase.instead}"
        for phrase in phrases
        if (match := phrase.match(text))
    ]


@pytest.mark.parametrize("phrase", [*PHRASES, *OPENINGS], ids=lambda phrase: phrase.example)
def test_each_phrase_is_recognised(phrase):
    """In the text that it was taken from."""
    assert phrase.match(phrase.example)


@pytest.mark.parametrize("text", LEGITIMATE)
def test_legitimate_words_stay(text):
    """The patterns are phrases and not words."""
    assert problems(text, [*PHRASES, *OPENINGS]) == []


def nodes_with_docstrings(tree: ast.Module) -> Iterator[tuple[ast.Constant, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield node.body[0].value, text


def texts_of(source: str) -> Iterator[tuple[str, bool]]:
    """Yield a module's docstrings, texts and comments; True for a docstring."""
    tree = ast.parse(source)
    docstrings = set()
    for node, text in nodes_with_docstrings(tree):
        docstrings.add(node)
        yield " ".join(text.split()), True
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and node not in docstrings and " " in node.value:
            yield " ".join(node.value.split()), False
    if "#" not in source:
        return
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string, False


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_module_is_in_plain_english(file):
    """Its docstrings, messages and comments."""
    found = []
    for text, is_docstring in texts_of(file.read_text()):
        found += problems(CODE.sub("", text))
        if is_docstring:
            found += problems(text, OPENINGS)
    assert found == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_is_in_plain_english(page):
    """Without its code."""
    paragraphs = CODE.sub("", page.read_text()).split("\n\n")
    assert [found for text in paragraphs for found in problems(" ".join(text.split()))] == []


def commands(group: click.Group, name: str = "modeltap") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group, info_name=name)
    yield name, group
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {word}")
        else:
            yield f"{name} {word}", command


@pytest.mark.parametrize(
    ("name", "command"), list(commands(cli)), ids=lambda value: str(value)[:40]
)
def test_the_help_of_a_command_is_in_plain_english(name, command):
    """Its own text, and that of each option."""
    texts = [command.help or ""]
    texts += [p.help or "" for p in command.params if isinstance(p, click.Option)]
    for text in texts:
        line = " ".join(text.split())
        assert problems(line) + problems(line, OPENINGS) == [], name


def names_of(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg


@pytest.mark.parametrize(
    "file",
    [file for file in SOURCES if "benchmarks" not in file.parts],
    ids=lambda file: str(file.relative_to(ROOT)),
)
def test_variables_say_what_they_hold(file):
    """None is called `found`, `one` or `said`."""
    assert sorted(set(names_of(ast.parse(file.read_text()))) & NAMES) == []
