"""A bundle comes back as it was written, or is refused by name."""

import numpy as np
import pytest

from macro_cycle.errors import MacroCycleError
from macro_cycle.training.bundle import Bundle


@pytest.mark.parametrize("name", ["model", "panel", "expected", "meta"])
def test_a_bundle_without_a_file_is_refused_by_name(bundle, tmp_path, name):
    bundle.write(tmp_path)
    (tmp_path / f"{name}.json").unlink()
    with pytest.raises(MacroCycleError, match=f"lacks {name}.json"):
        Bundle.read(tmp_path)


def test_a_truncated_bundle_is_refused(bundle, tmp_path):
    bundle.write(tmp_path)
    (tmp_path / "panel.json").write_text('{"columns": [')
    with pytest.raises(MacroCycleError, match="is broken"):
        Bundle.read(tmp_path)


def test_missing_cells_survive_the_bundle(bundle, tmp_path):
    back = Bundle.read(bundle.write(tmp_path))
    np.testing.assert_array_equal(back.panel.isna().to_numpy(), bundle.panel.isna().to_numpy())
