"""The public functions of the loop: each once on a small store, and wrong arguments of all."""

from __future__ import annotations

import dataclasses
import json

import pytest

import modeltap
from compared import fill as fill_shop
from compared import shop
from judge_server import judge_server
from modeltap.testing import WebhookReceiver
from retraining_cases import fill as fill_flights
from stores import analyze, every, put, read


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """A store of 200 rows of the model `m`, all but the last labelled; no test changes it."""
    store = tmp_path_factory.mktemp("shop") / "taps.db"
    bodies, predictions, labels = shop(200)
    fill_shop(store, bodies, predictions, [*labels[:-1], None])
    return store


def is_frozen(result, name):
    """Return whether an attribute of a result cannot be set."""
    try:
        setattr(result, name, None)
    except (AttributeError, dataclasses.FrozenInstanceError):
        return True
    return False


def test_a_golden_set_is_written_and_compared(labelled, tmp_path):
    """Without the store, and with the counts of the rows that are left out."""
    golden = modeltap.dataset(tmp_path / "g.jsonl", model="m", store=labelled)
    assert (golden.path, golden.rows) == (tmp_path / "g.jsonl", 199)
    assert golden.left_out == {"rows without a label": 1} and is_frozen(golden, "rows")
    comparison = modeltap.compare(lambda features: features["hour"] * 0, dataset=golden.path)
    assert comparison.labelled == 199
    some = modeltap.dataset(tmp_path / "s.jsonl.gz", model="m", limit=50, store=labelled)
    assert some.rows == 50
    late = modeltap.dataset(
        tmp_path / "l.jsonl", model="m", since="2024-01-01T03:00", store=labelled
    )
    assert late.rows == 19


def fill_bot(store, model="bot", prefix="r"):
    texts = ["thank you", "no", "thank you very much", "no, and this is rather a long text"]
    responses = [
        json.dumps({"choices": [{"index": 0, "message": {"role": "assistant", "content": text}}]})
        for text in texts
    ]
    messages = {"model": "g", "messages": [{"role": "user", "content": "hi"}]}
    put(store, every(1, 4), [messages] * 4, model=model, prefix=prefix, responses=responses)
    analyze(store, {})


EVALUATOR = '[[models.bot.evaluators]]\nname = "short"\nkind = "length"\nmax = 20\n'


def test_evaluators_and_a_judge_are_run_on_the_newest_outputs(store, tmp_path):
    """With a sentence about the judge's calls; without it, nobody is asked."""
    fill_bot(store)
    with judge_server() as server:
        judge = "".join(f"{k} = {json.dumps(v)}\n" for k, v in server.settings().items())
        (tmp_path / "modeltap.toml").write_text(f"{EVALUATOR}[models.bot.judge]\n{judge}")
        without = modeltap.evaluate(model="bot", judge=False, store=store)
        assert server.requests == [] and (without.notes, without.failure) == ((), None)
        evaluation = modeltap.evaluate(store=store)
    rows = {(row.evaluator, row.metric): row for row in evaluation.results}
    short = rows["short", "evaluator_pass_rate"]
    assert (short.model, short.kind, short.outputs, short.failed) == ("bot", "length", 4, 1)
    assert short in without.results and short.examples == ("r3",) and is_frozen(short, "failed")
    assert rows["judge", "judge_rate"].value == 0.5
    assert "judge of bot: 4 of 4 questions answered" in evaluation.notes[0]
    assert modeltap.evaluate(model="bot", rows=2, judge=False, store=store).results[0].outputs == 2


def test_a_judge_that_cannot_be_asked_costs_only_its_own_results(store, tmp_path):
    """Those of the evaluators, and of the judge of another model, are there."""
    fill_bot(store)
    fill_bot(store, model="agent", prefix="a")
    broken = 'url = "http://127.0.0.1:1"\nmodel = "j"\nrubric = "r"\napi_key = "env:NO_SUCH_KEY"\n'
    with judge_server() as server:
        judge = "".join(f"{k} = {json.dumps(v)}\n" for k, v in server.settings().items())
        settings = f"{EVALUATOR}[models.agent.judge]\n{broken}[models.bot.judge]\n{judge}"
        (tmp_path / "modeltap.toml").write_text(settings)
        evaluation = modeltap.evaluate(store=store)
    assert "NO_SUCH_KEY is not set" in evaluation.failure
    assert {(row.model, row.evaluator) for row in evaluation.results} == {
        ("bot", "short"),
        ("bot", "judge"),
    }


TRAINING = """
def train(run):
    return "python:training:predict"

def predict(features):
    return features["x"] * 2.0 + 1.0
"""


def test_a_model_is_retrained_by_the_policy_of_this_process(store, tmp_path):
    """The run is the recorded one, with the comparison on the rows that were held out."""
    fill_flights(store, rows=750)
    (tmp_path / "training.py").write_text(TRAINING)
    policy = {"function": "training:train"}
    modeltap.capture(
        model="flights", request={"x": 1}, response=3, store=store, analyze=False, retrain=policy
    )
    assert modeltap.flush(20)
    run = modeltap.retrain(model="flights")
    assert (run.state, run.rows, run.failure) == ("succeeded", 600, None)
    assert (run.artefact, run.verdict) == ("python:training:predict", "better")
    assert run.comparison[0]["metric"] == "mae" and run.comparison[0]["verdict"] == "better"
    assert run.left_out == ("email",) and is_frozen(run, "state")
    (stored,) = read(store, "select id, reason, state from retrainings")
    assert stored == {"id": run.id, "reason": run.reason, "state": "succeeded"}


@pytest.mark.parametrize(
    ("policy", "state", "failure"),
    [
        ('command = "false"', "failed", "retraining of flights failed: exit code 1"),
        ('command = "true"\nmin_rows = 900', "skipped", "flights was not retrained: 160 labelled"),
        ('command = "sleep 60"\ntimeout_seconds = 0.5', "timed_out", "flights timed out: ended"),
    ],
)
def test_a_run_that_fails_is_returned_with_its_reason(store, tmp_path, policy, state, failure):
    fill_flights(store)
    (tmp_path / "modeltap.toml").write_text(f"[models.flights.retrain]\n{policy}\n")
    run = modeltap.retrain(model="flights", store=store)
    assert run.state == state and failure in run.failure and "\n" not in run.failure


def test_a_model_without_a_policy_sends_the_event(store, tmp_path):
    fill_flights(store)
    with WebhookReceiver() as receiver:
        hook = f'url = "{receiver.url}"\nallow_private = true\nevents = ["retrain"]\n'
        (tmp_path / "modeltap.toml").write_text(f"[[webhooks]]\n{hook}")
        assert modeltap.retrain(model="flights", store=store) is None
        assert receiver.wait(1) and receiver.received[0].event["type"] == "retrain"


def test_a_version_is_noted_and_compared_with_the_one_before(store):
    responses = [json.dumps({"prediction": n % 100 / 10 + 5.0 * (n >= 300)}) for n in range(600)]
    put(store, every(1, 600), [{"x": n % 7} for n in range(600)], responses=responses)
    assert modeltap.versions(model="m", store=store).served == ()
    analyze(store, {"reference": "first 100 rows", "multivariate": False, "window": "1h"})
    single = modeltap.versions(model="m", store=store)
    assert [own.version for own in single.served] == [""] and single.change is None
    noted = modeltap.note_version("1.4", model="m", at="2024-01-01T05:00", store=store)
    assert (noted.version, noted.since, noted.environment, noted.own_version) == (
        "1.4",
        "2024-01-01T05:00:00.000Z",
        None,
        None,
    )
    history = modeltap.versions(model="m", store=store)
    assert [own.version for own in history.served] == ["", "1.4"] and is_frozen(history, "served")
    mean = next(row for row in history.change.rows if row.metric == "prediction_mean")
    assert 4.8 < mean.difference < 5.2 and mean.low > 0
    back = modeltap.versions(model="m", before="1.4", after="", store=store)
    assert (back.change.before.version, back.change.after.version) == ("1.4", "")


def test_rows_worth_a_label_are_answered_once(store):
    """Labels of rows that were drawn at random count, others wait until the draw reaches them."""
    rows = [{"amount": number % 17} for number in range(120)]
    responses = [
        json.dumps({"prediction": "yes" if n % 4 else "no", "probability": 0.5 + n % 50 / 100})
        for n in range(120)
    ]
    put(store, every(1, 120), rows, model="loans", responses=responses)
    analyze(store, {})
    first = modeltap.review_queue(model="loans", limit=10, store=store)
    assert len(first) == 10 and is_frozen(first[0], "features")
    assert {question.features.keys() == {"amount"} for question in first} == {True}
    assert {question.queued.reason for question in first} == {"random", "low_confidence"}
    modeltap.answer(first[0], None, store=store)
    for question in first[1:]:
        modeltap.answer(question, "yes", store=store)
    counts = "select source, count(*) n from labels group by 1 order by 1"
    reasons = [question.queued.reason for question in first[1:]]
    drawn = reasons.count("random")
    assert read(store, counts) == [
        {"source": "review", "n": drawn},
        {"source": "review_chosen", "n": 9 - drawn},
    ]
    second = modeltap.review_queue(model="loans", limit=110, random_fraction=1, store=store)
    asked = {question.row.key for question in first}
    assert len(second) == 110 and asked.isdisjoint(question.row.key for question in second)
    promoted = read(
        store, "select count(distinct exchange_id) n from labels where source = 'review'"
    )
    assert promoted == [{"n": 9}]


CALLS = {
    "dataset": lambda **given: modeltap.dataset("g.jsonl", **given),
    "evaluate": lambda **given: modeltap.evaluate(**given),
    "retrain": lambda **given: modeltap.retrain(**given),
    "versions": lambda **given: modeltap.versions(**given),
    "note_version": lambda **given: modeltap.note_version("2", **given),
    "review_queue": lambda **given: modeltap.review_queue(**given),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_model_or_a_store_that_is_not_there(labelled, tmp_path, name):
    """The error names them; no store is made."""
    with pytest.raises(modeltap.InputError, match=r"no model 'n' in this store; .*'?m'?"):
        CALLS[name](model="n", store=labelled)
    for model in (None, 5, ""):
        if name != "evaluate" or model is not None:
            with pytest.raises(modeltap.InputError, match=f"no model {model!r} in this store"):
                CALLS[name](model=model, store=labelled)
    with pytest.raises(modeltap.StoreError, match="there is no store at"):
        CALLS[name](model="m", store=tmp_path / "no.db")
    assert not (tmp_path / "no.db").exists()
    with pytest.raises(modeltap.InputError, match="this process records to no store yet"):
        CALLS[name](model="m")


@pytest.mark.parametrize("name", ["dataset", "evaluate", "review_queue"])
@pytest.mark.parametrize("count", [0, -1, True, 1.5, "5", 10**30], ids=repr)
def test_a_count_that_is_none(labelled, name, count):
    argument = "rows" if name == "evaluate" else "limit"
    with pytest.raises(modeltap.InputError, match=f"{argument} .* is not valid; give a number"):
        CALLS[name](model="m", store=labelled, **{argument: count})


@pytest.mark.parametrize("time", ["soon", "", True, b"2024"], ids=repr)
@pytest.mark.parametrize("name", ["dataset", "versions", "note_version", "review_queue"])
def test_a_time_that_is_none(labelled, name, time):
    argument = "at" if name == "note_version" else "since"
    with pytest.raises(modeltap.InputError, match=f"{argument} .* is not a valid time"):
        CALLS[name](model="m", store=labelled, **{argument: time})


WRONG = {
    "another kind of file": ("dataset", ("g.csv",), {}, "a golden set is a .jsonl"),
    "a missing folder": ("dataset", ("no/g.jsonl",), {}, "folder"),
    "no rows": ("dataset", ("g.jsonl",), {"since": "2030-01-01"}, "no row for a golden set"),
    "another version": ("dataset", ("g.jsonl",), {"version": "9"}, "no version '9'"),
    "a number as version": ("dataset", ("g.jsonl",), {"version": 9}, "no version 9"),
    "a number as name": ("versions", (), {"after": 9}, "there is no version 9"),
    "no evaluators": ("evaluate", (), {}, "no evaluators are configured"),
    "an unknown version": ("versions", (), {"before": "9"}, "there is no version '9'"),
    "an unknown environment": ("versions", (), {"environment": "x", "after": "1"}, "no version"),
    "a number": ("note_version", (1.4,), {}, "version 1.4 is invalid"),
    "an empty version": ("note_version", (" ",), {}, "version ' ' is invalid"),
    "a long version": ("note_version", ("v" * 201,), {}, "at most 200 characters"),
    "no such environment": ("note_version", ("2",), {"environment": "x"}, "no environment 'x'"),
    "a percentage": ("review_queue", (), {"random_fraction": 50}, "random_fraction 50 is not"),
    "not a number": ("review_queue", (), {"random_fraction": float("nan")}, "nan is not valid"),
    "a text": ("review_queue", (), {"random_fraction": "0.5"}, "'0.5' is not valid"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_argument_is_one_clear_line(labelled, case):
    name, arguments, options, message = WRONG[case]
    with pytest.raises(modeltap.ModeltapError) as caught:
        getattr(modeltap, name)(*arguments, model="m", store=labelled, **options)
    assert message in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, b"yes"], ids=repr)
def test_an_answer_that_cannot_be_a_label(labelled, value):
    """The row stays in the queue."""
    (question,) = modeltap.review_queue(model="m", store=labelled)
    with pytest.raises(modeltap.InputError, match="label"):
        modeltap.answer(question, value, store=labelled)
    assert modeltap.review_queue(model="m", store=labelled) == [question]


@pytest.mark.parametrize("question", ["r0", None, {"id": "r0"}], ids=repr)
def test_an_answer_to_something_else(labelled, question):
    with pytest.raises(modeltap.InputError, match=r"is not a question; pass one that review_queue"):
        modeltap.answer(question, 1, store=labelled)
