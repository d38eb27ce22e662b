"""Custom templates: filled in, valid JSON for all values, or a one-line error."""

from __future__ import annotations

import pytest


def test_placeholders_are_filled_in(send, firing):
    template = '{"text": "$title: ${summary}", "ids": ["$id"], "cost": "5 $$"}'
    got = send(firing(), "template", template=template)
    assert got.headers["content-type"] == "application/json"
    assert got.event == {
        "text": "🟠 flights: data drift: flights: 1 input drifted: median went from 10 to 20 "
        "<!everyone> & co",
        "ids": ["msg_1"],
        "cost": "5 $",
    }


def test_a_json_template_stays_valid_for_all_values(send, firing):
    wild = 'a "quoted" \\ and\nbroken \x00 \u2028 line 😀'
    got = send(firing(summary=wild), "template", template='{"text": "$summary"}')
    assert got.event == {"text": wild}


def test_other_templates_are_plain_text(send, event):
    got = send(event, "template", template="$type of $model\n$alerts")
    assert got.headers["content-type"] == "text/plain; charset=utf-8"
    assert got.body.decode().startswith(event["type"])


def test_the_secret_is_filled_in(send, firing):
    """So that the template need not contain it. Without a secret the placeholder is unknown."""
    template = '{"token": "$secret", "text": "$type"}'
    got = send(firing(), "template", template=template, secret="s3cret")
    assert got.event == {"token": "s3cret", "text": "alert.firing"}
    assert "unknown placeholder 'secret'" in send(firing(), "template", template=template).error


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("$sumary", "unknown placeholder 'sumary' in the template; did you mean 'summary'?"),
        ("${a.b.c}", "unknown placeholder 'a.b.c'"),
        (
            "costs 5 $",
            "the template is invalid: Invalid placeholder in string: line 1, col 9; "
            "write $$ for a dollar sign",
        ),
        (None, "format 'template' needs the option template"),
    ],
)
def test_an_invalid_template_is_an_error_and_nothing_is_sent(
    send, firing, receiver, template, line
):
    outcome = send(firing(), "template", template=template)
    assert line in outcome.error and "\n" not in outcome.error
    assert receiver.received == []
