"""The Discord channel."""

from __future__ import annotations


def test_a_discord_embed_is_within_its_limits(send, event):
    body = send(event, "discord").event
    (embed,) = body["embeds"]
    assert body["allowed_mentions"] == {"parse": []}
    assert len(embed["title"]) <= 256 and len(embed["description"]) <= 4096
    assert len(embed["fields"]) <= 25
    assert all(len(one["value"]) <= 1024 for one in embed["fields"])
    texts = [
        embed["title"],
        embed["description"],
        *(one["name"] + one["value"] for one in embed["fields"]),
    ]
    assert sum(map(len, texts)) <= 6000
