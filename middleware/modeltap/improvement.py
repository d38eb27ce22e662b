"""The public functions that improve a model: compare, replay, evaluate, review, retrain.

They import what they need when they are called, because an app that is watched needs none of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from modeltap.tap.recording.recorders import recorders

if TYPE_CHECKING:
    from modeltap.comparison.candidates.function_outputs import Predict
    from modeltap.comparison.differences.comparison_result import Comparison
    from modeltap.comparison.golden_set import GoldenSet
    from modeltap.judge.output_evaluation import OutputEvaluation
    from modeltap.replaying.replay_report import ReplayReport
    from modeltap.reviewing.review_session import Question
    from modeltap.store.retrainings import RetrainingRun
    from modeltap.versioning.noted_version import NotedVersion
    from modeltap.versioning.version_history import VersionHistory


def compare(
    candidate: str | Path | Predict,
    *,
    model: str | None = None,
    store: str | Path | None = None,
    since: str | None = None,
    version: str | None = None,
    environment: str | None = None,
    dataset: str | Path | None = None,
    timeout_seconds: float = 300.0,
) -> Comparison:
    """Compare a candidate with the current model on the same rows.

    The result has a row for each metric, slice and group: the difference, an interval that holds
    however often the rows are compared, and the verdict `better`, `worse` or `not_shown`.

    Args:
        candidate: a file with the columns `id` and `prediction`; a URL, which is sent the stored
            requests; the name of a stored candidate; ``python:module:function``, which runs in a
            child process; or a callable, which runs here. Functions get a dictionary of NumPy
            arrays of shape (n,) and return n predictions.
        model: the model's name; needed without `dataset`.
        store: the SQLite file; by default the one this process records to.
        since: the first event time, such as "2013-06-01"; by default all rows.
        version: the current model's version; by default the newest.
        environment: "" for rows without one; by default that of the newest row.
        dataset: a golden set instead of a store.
        timeout_seconds: the limit of a function in a child process.

    Raises `InputError` if the model, the candidate or the dataset cannot be used.

    >>> import json, tempfile
    >>> file = tempfile.NamedTemporaryFile("w", suffix=".jsonl")
    >>> for n in range(200):
    ...     row = {"id": n, "features": {"x": n}, "prediction": 2.2 * n, "label": 2.0 * n}
    ...     _ = print(json.dumps(row), file=file, flush=True)
    >>> result = compare(lambda features: features["x"] * 2.0, dataset=file.name)
    >>> result.verdict, result.rows[0].metric, round(result.rows[0].difference, 1)
    ('better', 'mae', -19.9)
    """
    from modeltap.comparison.model_comparison import compare_candidate

    path = None if dataset is not None else recorders.store_path(store)
    return compare_candidate(
        candidate,
        path,
        model=model,
        since=since,
        version=version,
        environment=environment,
        dataset=dataset,
        timeout_seconds=timeout_seconds,
    )


def replay(
    url: str,
    *,
    model: str,
    name: str | None = None,
    rate: float | None = None,
    concurrency: int = 4,
    since: str | None = None,
    limit: int | None = None,
    labelled: bool = False,
    headers: Mapping[str, str] | None = None,
    timeout_seconds: float = 30.0,
    again: bool = False,
    store: str | Path | None = None,
) -> ReplayReport:
    """Send stored requests again to the candidate at `url`, and keep its predictions.

    A second run continues where the first one stopped. The result has the counts; the predictions
    are in the store under the candidate's name.

    Args:
        url: the candidate, such as ``http://127.0.0.1:8001``. Each request has its own path.
        model: the model whose requests are sent.
        name: the candidate's name; by default host and port of the URL.
        rate: requests per second; by default as many as the candidate answers.
        concurrency: requests on their way at a time.
        since: the first event time, such as "2013-06-01"; by default all requests.
        limit: only this many of the newest requests.
        labelled: only requests that have a label.
        headers: further headers of all requests.
        timeout_seconds: the limit of one request.
        again: delete the candidate's earlier predictions first.
        store: the SQLite file; by default the one this process records to.

    Raises `InputError` if the URL, the model or an option cannot be used, and `BusyError` while
    another process sends to the same candidate.

    >>> import modeltap
    >>> _ = modeltap.capture(model="halved", request={"x": 1}, response=0.5)
    >>> modeltap.flush() and replay("localhost:8001", model="halved")
    Traceback (most recent call last):
    modeltap.errors.InputError: candidate URL 'localhost:8001' has no scheme; write http://localhost:8001
    """
    from modeltap.replaying.replay_options import ReplayOptions
    from modeltap.replaying.replayer import replay_store

    options = ReplayOptions(
        name=name,
        rate=rate,
        concurrency=concurrency,
        since=since,
        limit=limit,
        labelled=labelled,
        headers=headers or {},
        timeout_seconds=timeout_seconds,
        again=again,
    )
    return replay_store(recorders.store_path(store), model, url, options)


def dataset(
    path: str | Path,
    *,
    model: str,
    since: str | None = None,
    version: str | None = None,
    limit: int | None = None,
    store: str | Path | None = None,
) -> GoldenSet:
    """Write the labelled rows of a model to a golden set, on which `compare` works without a store.

    Rows whose request is masked, truncated or deleted are left out and counted.

    Args:
        path: the file to write, whose name ends with .jsonl or .jsonl.gz.
        model: the model's name.
        since: the first event time, such as "2013-06-01"; by default all rows.
        version: the model's version; by default the newest.
        limit: at most this many rows, chosen evenly.
        store: the SQLite file; by default the one this process records to.

    Raises `InputError` if an argument is not valid, or if no row is left.

    >>> import modeltap
    >>> _ = modeltap.capture(model="halved", request={"x": 1}, response=0.5)
    >>> modeltap.flush() and dataset("golden.csv", model="halved")
    Traceback (most recent call last):
    modeltap.errors.InputError: file 'golden.csv': a golden set is a .jsonl or .jsonl.gz file
    """
    from modeltap.comparison.golden_set import write_dataset

    return write_dataset(
        recorders.store_path(store), path, model=model, since=since, version=version, limit=limit
    )


def evaluate(
    *,
    model: str | None = None,
    rows: int = 200,
    judge: bool = True,
    store: str | Path | None = None,
) -> OutputEvaluation:
    """Run the evaluators on the newest outputs of a model, without waiting for a window.

    A judge, if there is one, rates a sample of them, and outputs that people labelled. If it cannot
    be asked, `failure` has the reason, beside the results of the evaluators.

    Args:
        model: only this model; by default all.
        rows: the number of the newest exchanges.
        judge: False asks no judge, which may cost money.
        store: the SQLite file; by default the one this process records to.

    Raises `InputError` if the model is unknown, or if no evaluator is configured.

    >>> import modeltap
    >>> short = {"name": "short", "kind": "length", "max": 20}
    >>> for text in ("Hello", "Good morning", "How may I help you today?"):
    ...     _ = modeltap.capture(
    ...         model="greeter", request={"x": 1}, response=text, evaluators=[short]
    ...     )
    >>> evaluation = modeltap.flush() and evaluate(model="greeter")
    >>> [(row.evaluator, row.metric, row.outputs, row.failed) for row in evaluation.results][0]
    ('short', 'evaluator_pass_rate', 3, 1)
    """
    from modeltap.judge.output_evaluation import evaluate_newest

    return evaluate_newest(recorders.store_path(store), model=model, rows=rows, judge=judge)


def retrain(*, model: str, store: str | Path | None = None) -> RetrainingRun | None:
    """Run a model's policy of retraining now, and wait for it; return the recorded run.

    A run that failed or was skipped is returned, too, with its reason in `failure`. A model without
    a policy sends the event `retrain` to subscribed webhooks; the result is None.

    Args:
        model: the model's name.
        store: the SQLite file; by default the one this process records to.

    Raises `InputError` if the model is unknown, and `BusyError` while it is being retrained.

    >>> import modeltap
    >>> _ = modeltap.capture(model="halved", request={"x": 1}, response=0.5)
    >>> modeltap.flush() and print(retrain(model="halved"))
    None
    """
    from modeltap.jobs.retraining_pass import retrain_now

    path = recorders.store_path(store)
    settings = next((own.settings for own in recorders.chosen(path)), None)
    return retrain_now(path, model, settings)


def versions(
    *,
    model: str,
    before: str | None = None,
    after: str | None = None,
    since: str | None = None,
    environment: str | None = None,
    store: str | Path | None = None,
) -> VersionHistory:
    """Return the versions of a model, and every metric before and after the last change.

    Args:
        model: the model's name.
        before: the version to compare with; by default the one before `after`.
        after: the version to compare; by default the newest.
        since: only rows and windows from this event time on.
        environment: the environment; needed if the model has several.
        store: the SQLite file; by default the one this process records to.

    Raises `InputError` if there is no such model or version.

    >>> import modeltap
    >>> _ = modeltap.capture(model="halved", request={"x": 1}, response=0.5)
    >>> modeltap.flush() and print(versions(model="halved").change)
    None
    """
    from modeltap.versioning.version_history import version_history

    return version_history(
        recorders.store_path(store),
        model,
        before=before,
        after=after,
        since=since,
        environment=environment,
    )


def note_version(
    version: str,
    *,
    model: str,
    at: str | None = None,
    environment: str | None = None,
    store: str | Path | None = None,
) -> NotedVersion:
    """Note that a model has a new version, for exchanges that have no version themselves.

    Args:
        version: printable text of at most 200 characters.
        model: the model's name.
        at: the event time of the change; by default now.
        environment: the environment; needed if the model has several.
        store: the SQLite file; by default the one this process records to.

    Raises `InputError` if an argument is not valid.

    >>> import modeltap
    >>> _ = modeltap.capture(model="halved", request={"x": 1}, response=0.5)
    >>> modeltap.flush() and note_version("1.4", model="halved", at="2026-03-01").since
    '2026-03-01T00:00:00.000Z'
    """
    from modeltap.versioning.noted_version import note_new_version

    return note_new_version(
        recorders.store_path(store), model, version, at=at, environment=environment
    )


def review_queue(
    *,
    model: str,
    limit: int = 20,
    random_fraction: float = 0.5,
    since: str | None = None,
    store: str | Path | None = None,
) -> list[Question]:
    """Return the rows of a model that are worth a person's time, in the order to ask about them.

    Pass each with its label to `answer`, and not to `label`: only labels of rows that were drawn at
    random count in metrics. Earlier answers that the random sample has reached count from now on.

    Args:
        model: the model's name.
        limit: the maximum number of rows.
        random_fraction: the fraction of the rows that is drawn at random.
        since: the first event time; by default the newest 10,000 rows.
        store: the SQLite file; by default the one this process records to.

    Raises `InputError` if an argument is not valid, or if there is no row to ask about.

    >>> import modeltap
    >>> _ = modeltap.capture(model="halved", request={"x": 1}, response=0.5)
    >>> modeltap.flush() and review_queue(model="halved", limit=0)
    Traceback (most recent call last):
    modeltap.errors.InputError: limit 0 is not valid; give a number of at least 1
    """
    from modeltap.reviewing.stored_review import questions_about

    return questions_about(
        recorders.store_path(store),
        model,
        limit=limit,
        random_fraction=random_fraction,
        since=since,
    )


def answer(question: Question, value: object, *, store: str | Path | None = None) -> None:
    """Store the label of a row of `review_queue`; None skips the row.

    The row is not asked about again.

    Args:
        question: the row.
        value: a number, a string or a boolean.
        store: the SQLite file; by default the one this process records to.

    Raises `InputError` if the value cannot be a label.
    """
    from modeltap.reviewing.stored_review import keep_answer

    keep_answer(recorders.store_path(store), question, value)
