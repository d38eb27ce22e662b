"""The review queue by forms."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest

from review_cases import fill
from stores import analyze, every, put, read

OWN = {"origin": "http://127.0.0.1:8400"}


@pytest.fixture
def client(browse, tmp_path):
    fill(tmp_path / "taps.db", 120)
    return browse(tmp_path / "taps.db")


def fields_of(page, action):
    """Return the hidden fields of the form with this action."""
    for form in re.findall(r"<form.*?</form>", page, re.DOTALL):
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
        if fields.get("action") == action:
            return {name: unescape(value) for name, value in fields.items()}
    return None


def sent(client, fields, **more):
    """Send a form; return the page it leads to."""
    answer = client.post("/review", data={**fields, **more}, headers=OWN)
    assert answer.status_code == 303, answer.text
    page = client.get(answer.headers["location"])
    assert page.status_code == 200
    return page.text


def test_a_session_by_forms(client, tmp_path):
    """Begin, answer by class, skip, undo and stop, as without JavaScript."""
    page = client.get("/review").text
    page = sent(client, fields_of(page, "start"), model="loans")
    assert "Why this row: " in page and "<dt>amount</dt>" in page
    assert "<dt>prediction</dt>" not in page and 'data-key="1"' in page
    page = sent(client, fields_of(page, "answer"), answer="no")
    assert "1 label so far" in page and "Undo the label no" in page
    page = sent(client, fields_of(page, "skip"))
    assert "1 skipped" in page and "Undo skipping" in page
    page = sent(client, fields_of(page, "undo"))
    assert "0 skipped" in page
    page = sent(client, fields_of(page, "answer"), answer="YES")
    labels = read(tmp_path / "taps.db", "select value, source from labels order by seq")
    assert [row["value"] for row in labels] == ["no", "yes"]
    assert {row["source"] for row in labels} <= {"review", "review_chosen"}
    page = sent(client, fields_of(page, "leave"))
    assert fields_of(page, "start") and "Progress" in page
    rows = client.get("/review?table=progress&format=json").json()
    assert [(row["model"], row["answered"], row["skipped"]) for row in rows] == [("loans", 2, 0)]
    text = client.get("/review?model=loans&table=reviews&format=csv").text
    assert text.count("answered") == 2


def test_an_answer_of_another_kind_is_asked_again(client, tmp_path):
    page = sent(client, fields_of(client.get("/review").text, "start"), model="loans", show="1")
    assert "<dt>prediction</dt>" in page
    fields = fields_of(page, "answer")
    answer = client.post("/review", data={**fields, "answer": "<b>ye"}, headers=OWN)
    assert answer.status_code == 422 and "none of the classes" in answer.text
    assert "&lt;b&gt;ye" in answer.text and "<b>ye" not in answer.text
    assert fields_of(answer.text, "answer") == fields
    assert read(tmp_path / "taps.db", "select * from labels") == []
    page = sent(client, fields, answer="no")
    answer = client.post("/review", data={**fields, "answer": "no"}, headers=OWN)
    assert answer.status_code == 422 and "was answered" in answer.text
    assert fields_of(answer.text, "start")
    address = f"/review?model=loans&claim={fields['claim']}"
    assert "was answered" in client.get(address).text


def test_only_its_own_forms_are_taken(client):
    fields = {**fields_of(client.get("/review").text, "start"), "model": "loans"}
    assert client.post("/review", data=fields).status_code == 403
    foreign = {"origin": "http://evil.example"}
    assert client.post("/review", data=fields, headers=foreign).status_code == 403
    answer = client.post("/review", data={**fields, "form_token": "x"}, headers=OWN)
    assert answer.status_code == 403
    answer = client.post("/review", data={**fields, "note": "x" * 20_000}, headers=OWN)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"model": "nobody"}, "no model"),
        ({"action": "delete"}, "unknown action"),
        ({"share": "0.7"}, "is not valid"),
        ({"action": "answer", "claim": "x"}, "was answered"),
        ({"action": "undo", "last": "x", "last_row": "0"}, "was not reviewed"),
        ({"action": "undo", "last": "x", "last_row": "9" * 30}, "is not the number"),
        ({"action": "undo", "last": "x", "last_row": "-1"}, "is not the number"),
    ],
)
def test_other_forms_say_what_is_wrong(client, more, says):
    fields = {**fields_of(client.get("/review").text, "start"), "model": "loans", **more}
    answer = client.post("/review", data=fields, headers=OWN)
    assert answer.status_code in (404, 422) and says in answer.text


def test_the_last_row_ends_the_session(client, tmp_path):
    page = sent(client, fields_of(client.get("/review").text, "start"), model="loans", share="1")
    for _ in range(200):
        fields = fields_of(page, "skip")
        if fields is None:
            break
        page = sent(client, fields)
    assert "has a label or was reviewed already" in page and fields_of(page, "undo")
    reviews = read(tmp_path / "taps.db", "select count(*) as n from reviews")
    assert reviews[0]["n"] == 120


@pytest.mark.parametrize(
    "body", ["<script>", "\x1b[31m", "\u202eabc", "🛫", "x" * 5000, "a\r\n\\'\"", "+1"]
)
def test_hostile_features_and_classes_are_text(browse, tmp_path, body):
    """A class that is chosen by its button is stored as it is."""
    rows = [{"f<b>": body, "n": number} for number in range(60)]
    responses = [json.dumps({"prediction": [body, "other"][n % 2]}) for n in range(60)]
    put(tmp_path / "taps.db", every(1, 60), rows, model="<m>", responses=responses)
    analyze(tmp_path / "taps.db", {})
    client = browse(tmp_path / "taps.db")
    page = sent(client, fields_of(client.get("/review").text, "start"), model="<m>")
    assert "<script>" not in page.replace("<script src", "") and "<b>" not in page
    assert "\x1b" not in page and "\u202e" not in page and len(page) < 500_000
    for name in re.findall(r'name="choice" value="(\w+)"', page):
        page = sent(client, fields_of(page, "answer"), choice=name)
    labels = read(tmp_path / "taps.db", "select value from labels")
    assert {label["value"] for label in labels} == {body, "other"}
    answer = client.post("/review", data={**fields_of(page, "answer"), "choice": "x"}, headers=OWN)
    assert answer.status_code == 422 and "classes have changed" in answer.text
