"""Names from clients in messages: services show no link, mention, heading or code."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.config.webhook_settings import WebhookSettings
from modeltap.notify.http import post
from modeltap.plugins import hooks
from modeltap.printable import escaped
from modeltap_channels.markup import markdown, plain, unlinked

markdown_it = pytest.importorskip("markdown_it", reason="pip install 'modeltap[test]'")

NAMES = (
    "[Renew](https://evil.example)",
    "[Renew](<https://evil.example>)",
    "[Renew][1]",
    "[Renew](//evil.example 'now')",
    "![x](https://evil.example/x.png)",
    "<https://evil.example/>",
    "https://evil.example/",
    "HTTP://evil.example",
    "www.evil.example",
    "evil.example/renew",
    "mailto:a@evil.example",
    "renew@evil.example",
    "<a href='https://evil.example'>Renew</a>",
    "<https://evil.example|Renew>",
    "@everyone",
    "@here",
    "<@123456>",
    "<@!123456>",
    "<@&123456>",
    "<#123456>",
    "<:smile:123456>",
    "<!channel>",
    "<!here|here>",
    "!channel>",
    "<!subteam^S123>",
    "<at>everyone</at>",
    "# heading",
    "#",
    "- item",
    "+ item",
    "1. item",
    "12) item",
    "> quote",
    "---",
    "    code",
    "`code`",
    "```\ncode\n```",
    "*strong*",
    "**strong**",
    "_strong_",
    "__strong__",
    "a_b_c",
    "_a_b_",
    "~~gone~~",
    "||spoiler||",
    "| a | b |",
    "a\\",
    "\\[Renew](https://evil.example)",
    "\\\\[Renew](https://evil.example)",
    "&lt;b&gt; &#91;x&#93;(y)",
    "a\nb\r\n\n# c",
    "\u202egnp.exe\u2066",
    "\x1b[31mred",
)
"""Names that mean something in the markup of one service or another."""

LINK = re.compile(r"\w://|\bwww\.\w|\w\.[a-z]{2,24}/|\b(?:mailto|tel):\S|\w@\w", re.IGNORECASE)
CALL = re.compile(
    r"@(?:everyone|here|channel)|<@|<#|<:|<!(?:here|channel|everyone|subteam)\b", re.I
)
READ = {"text", "text_special", "softbreak"}


def read_as(text):
    """Return the tokens and the text that a Markdown parser produces for `text`."""
    reader = markdown_it.MarkdownIt("commonmark").enable(["strikethrough", "table"])
    tokens = reader.parse(text)
    inline = [child for token in tokens for child in token.children or ()]
    shown = "".join("\n" if one.type == "softbreak" else one.content for one in inline)
    return {one.type for one in tokens}, {one.type for one in inline}, shown


def is_text(text, name):
    """Return True if Markdown shows nothing but `name`."""
    blocks, inline, shown = read_as(text)
    assert inline <= READ and blocks <= {"paragraph_open", "inline", "paragraph_close"}, text
    assert shown.replace("\u200b", "").strip() == escaped(name.replace("\u200b", "")).strip()
    assert not LINK.search(text) and not CALL.search(text) and "](" not in text
    return True


@pytest.mark.parametrize("name", NAMES)
def test_markdown_shows_a_name_unchanged(name):
    assert is_text(markdown(name, 1000), name)


@given(st.text("[]()<>!*_~`|#\\@:/&;.-+= \n1ahwttpsee", max_size=40))
def test_markdown_shows_any_text_unchanged(text):
    shown = markdown(text, 1000)
    blocks, inline, read = read_as(shown)
    assert inline <= READ and blocks <= {"paragraph_open", "inline", "paragraph_close"}
    assert read.replace("\u200b", "").split() == escaped(text).split()


@given(st.lists(st.sampled_from(NAMES), max_size=6), st.integers(1, 60))
def test_a_cut_text_stays_plain(names, length):
    text = markdown(" ".join(names), length)
    assert len(text) <= length
    _, inline, _ = read_as(text)
    assert inline <= READ


@pytest.mark.parametrize("name", NAMES)
def test_plain_text_contains_no_link_or_mention(name):
    text = plain(name)
    assert not LINK.search(text) and not CALL.search(text)
    assert text.replace("\u200b", "") == escaped(name) == unlinked(name).replace("\u200b", "")


@pytest.mark.parametrize(
    "name", ["passenger_count", "temp [C]", "a-b", "price.eur", "x:y", "Ümlaut", "08:00", "温度"]
)
def test_ordinary_names_are_not_changed(name):
    assert plain(name) == name and markdown(name, 99).replace("\\", "") == name


def message(event, channel):
    """Return the body that a channel formats."""
    webhook = WebhookSettings(url="https://h.example", format=channel, secret="key")
    body, _ = hooks("channels").format_event(
        event=event, webhook=webhook, message_id="msg_1", timestamp=1
    )
    return json.loads(body)


def named(firing, name, features=3):
    """An event in which all texts from clients are `name`."""
    event = firing(features=features, model=name, version=name)
    event["data"]["summary"] = f"{name}: 3 inputs drifted: {name}: median went from 1 to 2"
    for alert in event["data"]["alerts"]:
        alert |= {"feature": name, "summary": f"{name}: category `{name}` is now `{name}`"}
        alert["examples"] = [name]
    return event


def texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


def has_no_controls(text):
    return not any(unicodedata.category(one) in ("Cc", "Cs") for one in text.replace("\n", ""))


@pytest.mark.parametrize("name", NAMES)
def test_a_teams_card_contains_no_markup_from_names(firing, name):
    card = message(named(firing, name), "teams")["attachments"][0]["content"]
    shown = []
    for item in card["body"]:
        shown += [item["text"]] if item["type"] == "TextBlock" else []
        shown += [fact["value"] for fact in item.get("facts", ())]
    assert len(shown) >= 8 and sum(escaped(name).split()[-1][:1] in text for text in shown)
    for text in shown:
        _, inline, _ = read_as(text.removeprefix("- "))
        assert inline <= READ and not LINK.search(text) and not CALL.search(text)
        assert has_no_controls(text)
    assert [action["url"] for action in card["actions"]] == [
        "https://taps.example/alerts?id=alert_0"
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_discord_embed_contains_no_markup_from_names(firing, name):
    body = message(named(firing, name), "discord")
    (embed,) = body["embeds"]
    assert body["allowed_mentions"] == {"parse": []} and set(body) == {"embeds", "allowed_mentions"}
    shown = [embed["title"], embed["description"], *(one["value"] for one in embed["fields"])]
    for text in (line for one in shown for line in one.split("\n")):
        _, inline, _ = read_as(text.removeprefix("- "))
        assert inline <= READ and not LINK.search(text) and not CALL.search(text)
        assert "||" not in text and not re.search(r"(?<!\\)__", text) and has_no_controls(text)


@pytest.mark.parametrize("name", NAMES)
def test_a_slack_message_contains_no_markup_from_names(firing, name):
    body = message(named(firing, name), "slack")
    assert body["mrkdwn"] is body["unfurl_links"] is False
    (link,) = [block for block in body["blocks"] if block["type"] == "context"]
    for block in body["blocks"]:
        for part in [block.get("text"), *block.get("fields", ())]:
            assert part is None or (part["type"], part["emoji"]) == ("plain_text", False)
    assert link["elements"][0]["text"].startswith("<https://taps.example/alerts?id=alert_0|")
    for text in texts({**body, "blocks": [one for one in body["blocks"] if one is not link]}):
        assert "<" not in text and ">" not in text and not LINK.search(text)
        assert not re.search(r"&(?!amp;|lt;|gt;)", text) and not CALL.search(text)
        assert has_no_controls(text)


@pytest.mark.parametrize(
    "name", ["温@" * 2000, "[" * 4000, "&" * 4000, "😀" * 4000, "https://" * 500]
)
def test_long_names_are_within_the_limits(firing, name):
    """Escapes count."""
    event = named(firing, name, features=60)
    event["data"]["summary"] = event["data"]["summary"][:800]  # as events are written
    assert len(json.dumps(message(event, "teams"), ensure_ascii=False).encode()) < 28_000
    (embed,) = message(event, "discord")["embeds"]
    assert sum(map(len, texts({**embed, "url": "", "timestamp": ""}))) <= 6000
    for block in message(event, "slack")["blocks"]:
        limit = 150 if block["type"] == "header" else 3000
        assert all(len(text) <= limit for text in texts(block))
        assert all(len(field["text"]) <= 2000 for field in block.get("fields", ()))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("channel", ["slack", "teams", "discord"])
def test_a_digest_contains_no_markup_from_names(name, channel):
    """It has one line per model, which clients may name."""
    models = [{"model": name, "summary": f"{name}: 3 requests"} for _ in range(2)]
    data = {"summary": "2013-03-04: 2 models", "models": models, "alerts": [], "link": None}
    body = message({"type": "digest", "timestamp": "2013-03-04T00:00:00Z", "data": data}, channel)
    body.pop("$schema", None)
    for card in body.get("attachments", ()):
        card["content"].pop("$schema")
    shown = [line for text in texts(body) for line in text.split("\n") if "3 requests" in line]
    assert len(shown) == 2
    for text in shown:
        assert not LINK.search(text) and not CALL.search(text) and has_no_controls(text)
        assert channel == "slack" or read_as(text.removeprefix("- "))[1] <= READ


@pytest.mark.parametrize("name", NAMES)
def test_pagerduty_shows_a_name_as_text(firing, name):
    event = named(firing, name)
    body = message(event, "pagerduty")
    shown = {name: body["payload"][name] for name in ("summary", "source", "group", "component")}
    for text in texts([shown, body["payload"]["custom_details"]]):
        assert not LINK.search(text) and not CALL.search(text) and has_no_controls(text)
    assert body["dedup_key"] == f"modeltap/data_drift/{name}/{name}"  # the name itself


@pytest.mark.parametrize("name", NAMES)
def test_programs_get_names_unchanged(firing, name):
    """Programs escape names for their own output."""
    event = named(firing, name)
    assert message(event, "json")["data"]["model"] == name
    assert message(event, "cloudevents")["data"]["model"] == name
    body = message(event, "alertmanager")
    assert body["alerts"][0]["labels"]["feature"] == name
    assert (
        body["groupKey"]
        == f'{{}}:{{alertname="data_drift", model={json.dumps(name, ensure_ascii=False)}}}'
    )


@pytest.mark.parametrize("name", NAMES)
def test_apprise_gets_plain_text(receiver, firing, name):
    """It escapes text for HTML and Markdown; links are broken up."""
    pytest.importorskip("apprise", reason="pip install 'modeltap[apprise]'")
    url = receiver.url.replace("http://", "json://")
    event = named(firing, name) | {"type": "alert.firing"}
    event["data"]["link"] = None
    assert post(WebhookSettings(url=url, format="apprise"), "msg_1", event).delivered
    body = receiver.received[0].event
    assert has_no_controls(body["title"]) and "\n" not in body["title"]
    for text in (body["title"], *body["message"].split("\n")):
        assert not LINK.search(text) and not CALL.search(text) and has_no_controls(text)


@pytest.mark.parametrize(
    ("dashboard", "taken"),
    [
        ("https://taps.example.org", True),
        ("http://10.0.0.7:3000/d", True),
        ("http://grafana.internal:3000", True),
        ("http://grafana:3000", False),
        ("http://localhost:3000", False),
        ("http://[::1]:3000", False),
        ("https://my_host.example", False),
        ("https://taps.example.org/a b", False),
        ("https://", False),
    ],
)
def test_discord_gets_only_accepted_links(firing, dashboard, taken):
    """It rejects a message with a link to a host without a domain, such as a container."""
    (embed,) = message(firing(link=f"{dashboard}/alerts?id=a"), "discord")["embeds"]
    assert ("url" in embed) is taken
