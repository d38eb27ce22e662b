"""The class that scores refer to, its name, and the name of the rest."""

from __future__ import annotations

import pytest

from modeltap.analysis.performance.positive_class import positive_classes, two_names


@pytest.mark.parametrize(
    ("classes", "declared", "expected"),
    [
        ({"1", "0"}, None, {"1"}),
        ({"0"}, None, set()),
        ({"true", "1", "0", "false"}, None, {"true", "1"}),
        ({"yes", "no"}, None, {"yes"}),
        ({"-1", "1"}, None, {"1"}),
        ({"1", "0"}, 0, {"0"}),
        ({"1.5", "0"}, 1.5, {"1.5"}),
        ({"Fraud", "ok", "error"}, "fraud", {"Fraud"}),
        ({"yes", "no"}, True, {"yes"}),
        ({"ok"}, "fraud", set()),
    ],
)
def test_the_positive_class_is_declared_or_means_yes(classes, declared, expected):
    assert set(positive_classes(classes, classes, declared)) == expected


@pytest.mark.parametrize(
    ("classes", "declared", "reason"),
    [
        ({"a", "b"}, None, "set positive"),
        ({"1", "2"}, None, "set positive"),
        ({"a", "b", "c"}, None, "labels have 3 classes"),
        ({"0", "1", "-1"}, None, "labels have 3 classes"),
        ({"a", "b"}, "c", "no label has the value of the setting positive = 'c'"),
    ],
)
def test_an_unknown_positive_class_has_a_reason(classes, declared, reason):
    assert reason in positive_classes(classes, classes, declared)


@pytest.mark.parametrize(
    ("classes", "positive", "declared", "names"),
    [
        ({"1", "0"}, {"1"}, None, ("1", "0")),
        ({"no"}, (), None, ("1", "no")),
        ({"yes"}, {"yes"}, None, ("yes", "0")),
        ({"ok"}, (), "fraud", ("fraud", "ok")),
        ({"fraud"}, {"fraud"}, "fraud", ("fraud", "not fraud")),
        ({"fraud", "a", "b"}, {"fraud"}, "fraud", ("fraud", "not fraud")),
    ],
)
def test_both_sides_have_a_name(classes, positive, declared, names):
    assert two_names(classes, positive, declared) == names
