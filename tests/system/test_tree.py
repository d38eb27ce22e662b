"""The tree: a test file for each module, small packages, one name for one thing."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ROOT / "middleware/modeltap"
MODULES = sorted(file for file in CORE.rglob("*.py") if file.stem != "__init__")
PACKAGES = sorted({file.parent for file in MODULES} - {CORE, CORE / "injected/path"})

HELD_ELSEWHERE = {
    # Declarations and entry points: there is nothing in them to call alone.
    "__main__.py": "cli/test_main.py",
    "hookspecs.py": "test_plugins.py",
    "store/schema.py": "store/test_connection.py",
    "alerts/transitions.py": "alerts/test_lifecycle.py",
    "config/catalogue/alert_rules.py": "config/test_metrics.py",
    "config/catalogue/catalogue_entry.py": "config/test_metrics.py",
    "config/catalogue/class_entries.py": "config/test_metrics.py",
    "config/catalogue/drift_entries.py": "config/test_metrics.py",
    "config/catalogue/estimate_entries.py": "config/test_metrics.py",
    "config/evaluation/evaluator_entries.py": "config/test_metrics.py",
    "config/catalogue/fairness_entries.py": "config/test_metrics.py",
    "config/catalogue/label_entries.py": "config/test_metrics.py",
    "config/catalogue/loss_entries.py": "config/test_metrics.py",
    "config/catalogue/number_entries.py": "config/test_metrics.py",
    "config/catalogue/operation_entries.py": "config/test_metrics.py",
    "config/catalogue/quality_entries.py": "config/test_metrics.py",
    "config/catalogue/score_entries.py": "config/test_metrics.py",
    # Processes and threads.
    "jobs/executor.py": "jobs/test_scheduler.py",
    "writer/__main__.py": "writer/test_process.py",
    "versioning/version_result.py": "versioning/test_version_rows.py",
    "versioning/version_history.py": "cli/test_version.py",
    "versioning/noted_version.py": "cli/test_version.py",
    "mounted/__main__.py": "system/test_mounted_dashboard.py",
    "shadowing/__main__.py": "shadowing/test_sending_loop.py",
    "comparison/candidates/function_child.py": "comparison/candidates/test_candidate_function.py",
    "injected/path/sitecustomize.py": "cli/test_run.py",
    "cli/worker.py": "system/test_worker.py",
    "cli/demo.py": "system/test_demo.py",
    "demo/app.py": "system/test_demo.py",
    "demo/flight_model.py": "system/test_demo.py",
    "demo/flights.py": "system/test_demo.py",
    "demo/play.py": "system/test_demo.py",
    "demo/stage.py": "system/test_demo.py",
    "store/delivery_attempts.py": "dashboard/pages/test_alert_pages.py",
    "store/exchange_context.py": "summaries/exchanges/test_exchange_details.py",
    "store/review_claims.py": "reviewing/test_review_desk.py",
    "reviewing/row_claim.py": "reviewing/test_review_desk.py",
    "store/reviews.py": "reviewing/test_review_session.py",
    "reviewing/stored_review.py": "cli/test_review.py",
    "retraining/guard.py": "retraining/test_guarded.py",
    "jobs/retraining_pass.py": "cli/test_retraining.py",
    # Steps whose input is a store that the steps before them filled.
    "alerts/changes.py": "alerts/test_lifecycle.py",
    "alerts/subject.py": "alerts/test_lifecycle.py",
    "analysis/explanations/column_sentences.py": "analysis/explanations/test_explain.py",
    "analysis/evaluators/pass_rate_learning.py": "analysis/evaluators/test_window_evaluators.py",
    "analysis/evaluators/recent_outputs.py": "cli/test_evaluate.py",
    "analysis/relearning/saved_pass_rates.py": "cli/test_evaluate.py",
    "analysis/explanations/examples.py": "system/test_quality.py",
    "analysis/explanations/finding_sentences.py": "analysis/findings/test_changed_values.py",
    "analysis/explanations/model_sentences.py": "analysis/explanations/test_explain.py",
    "analysis/explanations/window_sentences.py": "analysis/explanations/test_explain.py",
    "analysis/labelling/corrected_window.py": "analysis/relearning/test_corrected_windows.py",
    "analysis/labelling/label_histories.py": "analysis/relearning/test_label_progress.py",
    "analysis/labelling/window_group.py": "analysis/verdicts/test_labelled_windows.py",
    "analysis/references/freeze.py": "system/test_references.py",
    "retraining/lost_runs.py": "retraining/test_retrainer.py",
    "retraining/retrain_event.py": "retraining/test_retrainer.py",
    "analysis/verdicts/analyze.py": "jobs/test_pipeline.py",
    "comparison/aligned_outputs.py": "comparison/test_model_comparison.py",
    "comparison/golden_set.py": "cli/test_golden.py",
    "comparison/candidates/stored_candidate.py": "comparison/test_model_comparison.py",
    "comparison/differences/comparison_result.py": "comparison/test_model_comparison.py",
    "replaying/replay_progress.py": "replaying/test_replayer.py",
    # Commands that print what a tested function returns.
    "cli/dashboard.py": "dashboard/test_dashboard_server.py",
    "bridges/agent_answers.py": "bridges/test_agent_server.py",
    "cli/mcp.py": "bridges/test_agent_server.py",
    "bridges/mlflow_run.py": "system/servers/test_mlflow_run.py",
    "bridges/run_logging.py": "system/servers/test_mlflow_run.py",
    "cli/mlflow.py": "system/servers/test_mlflow_run.py",
    "bridges/otel_messages.py": "bridges/test_otel_push.py",
    "store/unsent_facts.py": "bridges/test_otel_push.py",
    "cli/grafana.py": "bridges/test_grafana_dashboard.py",
    "bridges/grafana_panels.py": "bridges/test_grafana_dashboard.py",
    "cli/datasette.py": "browsing/test_datasette_server.py",
    "cli/erase.py": "privacy/test_erase.py",
    "cli/jobs.py": "cli/test_webhook.py",
    # Parts of one way of a question, from the choice of outputs to the metrics.
    "decoding/output_tokens.py": "system/test_costs.py",
    "store/token_counts.py": "system/test_costs.py",
    "jobs/output_ratings.py": "judge/test_judge_windows.py",
    "judge/judge_client.py": "judge/test_judge_calls.py",
    "judge/judge_metrics.py": "judge/test_judge_calibration.py",
    "judge/judge_questions.py": "judge/test_judge_calls.py",
    "judge/judged_outputs.py": "judge/test_judge_windows.py",
    "judge/output_evaluation.py": "cli/test_evaluate.py",
    "store/judge_answers.py": "judge/test_judge_calibration.py",
    "store/judge_spending.py": "judge/test_judge_calls.py",
    "cli/finding.py": "cli/test_doctor.py",
    "cli/model_findings.py": "cli/test_doctor.py",
    "cli/model_names.py": "cli/test_completion.py",
    "cli/report.py": "dashboard/test_report_file.py",
    "cli/receiving.py": "ingest/test_receiver.py",
    "cli/reference_view.py": "cli/test_reference.py",
}
"""Modules without a test file of their name, and the one that holds them."""

MOST_MODULES = 13
MOST_FORMATTED_BY_HAND = 20


def inside(file: Path) -> str:
    """Return a module's path in the package."""
    return file.relative_to(CORE).as_posix()


def test_each_module_has_a_test_file_of_its_name():
    """But for those that are listed, whose tests are where the list says."""
    missing = {
        inside(file)
        for file in MODULES
        if not (ROOT / "tests" / inside(file)).with_name(f"test_{file.stem.strip('_')}.py").exists()
    }
    assert missing == set(HELD_ELSEWHERE)
    assert all((ROOT / "tests" / test).exists() for test in HELD_ELSEWHERE.values())


def test_a_module_has_a_name_of_its_own():
    """But in `store` and `cli`, which serve other packages: there it is the subject's name."""
    places = defaultdict(list)
    for file in MODULES:
        if file.relative_to(CORE).parts[0] not in ("store", "cli") and file.stem != "__main__":
            places[file.stem].append(inside(file))
    assert {name: files for name, files in places.items() if len(files) > 1} == {}


def defined_in(file: Path) -> Iterator[str]:
    """Yield the names of a module's classes, and of its aliases of types."""
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name[0].isupper() and not name.isupper() and "_" not in name:
                yield name


def test_no_two_classes_or_aliases_have_one_name():
    """Whoever reads a name in a log or a signature knows which it is."""
    places = defaultdict(list)
    for file in MODULES:
        for name in defined_in(file):
            places[name].append(inside(file))
    assert {name: files for name, files in places.items() if len(files) > 1} == {}


@pytest.mark.parametrize("package", PACKAGES, ids=inside)
def test_a_package_is_small_and_says_what_is_in_it(package):
    modules = [file.stem for file in package.glob("*.py") if not file.stem.startswith("__")]
    if inside(package) not in ("store", "cli"):
        assert len(modules) <= MOST_MODULES
    described = ast.get_docstring(ast.parse((package / "__init__.py").read_text())) or ""
    assert [name for name in modules if name not in described] == []


def test_hardly_anything_is_formatted_by_hand():
    files = [*ROOT.glob("middleware/**/*.py"), *ROOT.glob("plugins/**/*.py")]
    files += [file for file in ROOT.glob("tests/**/*.py") if file != Path(__file__)]
    assert sum(file.read_text().count("# fmt: skip") for file in files) <= MOST_FORMATTED_BY_HAND
