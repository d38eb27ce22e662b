"""Fit of a reference: columns of a different shape raise a clear error."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.references.fit import fit
from modeltap.errors import InputError


@pytest.mark.parametrize("column", [[1.0], np.ones((2, 1))])
def test_columns_of_another_shape_are_a_clear_error(column):
    """Too short, or with a second dimension."""
    with pytest.raises(InputError, match="column 'x' has"):
        fit({"x": column}, 2, model="m")
