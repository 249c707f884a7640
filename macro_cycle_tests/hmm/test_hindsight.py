"""What may later be believed is, on average, what is believed now; revisions are found where there were any."""

import numpy as np
import pandas as pd
import pytest

from macro_cycle.hmm import HMMConfig, MacroCycleHMM
from macro_cycle.hmm.hindsight import believed_later
from macro_cycle.hmm.revisions import LEFT, NEW, RevisionSizes
from macro_cycle_tests.hmm.panels import ROLES, cycle_panel
from macro_cycle_tests.hmm.test_varying_transitions import SPREAD, driven_panel

NONE = RevisionSizes.none([*ROLES, "output", "jobs", "income", "sales"])


def in_doubt(roles, panel: pd.DataFrame, **options) -> tuple[MacroCycleHMM, pd.DataFrame]:
    """A model, and its panel cut off in the month after the first year in which it is least sure of the side."""
    model = MacroCycleHMM(HMMConfig(roles=roles, n_restarts=1, **options)).fit(panel)
    probability = model.recession_probability(model.filter(panel).filtered_probs)
    return model, panel.iloc[: 13 + int(np.abs(probability[12:] - 0.5).argmin())]


@pytest.mark.parametrize(
    ("roles", "panel", "options"),
    [
        (ROLES, cycle_panel(2, 240, noise=1.5)[0], {}),
        (SPREAD, driven_panel(1, 240)[0], {"discount": 0.2}),
        (ROLES, cycle_panel(4, 240, noise=1.5)[0], {"covariance_type": "full", "discount": 1.0}),
        (ROLES, cycle_panel(5, 240, noise=1.5)[0], {"emission": "student_t", "discount": 1.0}),
    ],
    ids=["constant", "varying", "full", "student"],
)
def test_the_mean_of_what_may_be_believed_later_is_what_is_believed_now(roles, panel, options):
    model, known = in_doubt(roles, panel, **options)
    posterior = model.posterior(panel, n_draws=2000)
    now = model.recession_probability(posterior.filtered(known)[:, -1])
    later = believed_later(posterior, known, NONE)
    assert later.std() > 0.05
    error = (later - now).std() / np.sqrt(len(now))
    assert later.mean() == pytest.approx(now.mean(), abs=4 * error)


def test_it_is_the_same_each_time_and_revisions_spread_it():
    model, known = in_doubt(ROLES, cycle_panel(2, 240, noise=1.5)[0])
    posterior = model.posterior(known, n_draws=200)
    first, again = (believed_later(posterior, known, NONE) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    soon = believed_later(posterior, known, NONE, months=1)
    revised = believed_later(posterior, known, RevisionSizes({c: np.full(12, 2.0) for c in known}), months=1)
    assert revised.std() > soon.std()


def test_a_panel_shorter_than_the_window_is_answered():
    panel, _ = cycle_panel(n_months=120)
    model = MacroCycleHMM(roles=ROLES, n_restarts=1).fit(panel)
    later = believed_later(model.posterior(panel, n_draws=50), panel.iloc[:5], RevisionSizes())
    assert ((later >= 0.0) & (later <= 1.0)).all()


def test_sizes_are_those_of_the_noise_that_was_in_the_newest_cells():
    rng, months = np.random.default_rng(0), pd.date_range("1990-01-01", periods=200, freq="MS")
    final = pd.DataFrame({"revised": rng.normal(size=200) * 3.0, "kept": rng.normal(size=200)}, months)
    panels = []
    for end in range(60, 170):
        panel = final.iloc[:end].copy()
        panel.iloc[-3:, 0] += rng.normal(size=3) * 1.5
        panel.iloc[-1, 1] = np.nan
        panels.append(panel)
    seen = RevisionSizes.seen(panels, final)
    assert set(seen.by_column) == {"revised"}
    np.testing.assert_allclose(seen.by_column["revised"][:3], 0.5, atol=0.15)
    np.testing.assert_allclose(seen.by_column["revised"][3:], 0.0, atol=1e-12)
    sizes = seen.of(("revised", "kept"), 14)
    assert sizes.shape == (14, 2)
    assert sizes[-1, 0] == seen.by_column["revised"][0]
    np.testing.assert_allclose(sizes[:, 1], NEW * np.array([LEFT[-1], LEFT[-1], *LEFT[::-1]]))


def test_too_few_panels_say_nothing():
    panel, _ = cycle_panel(n_months=60)
    assert RevisionSizes.seen([panel] * 5, panel).by_column == {}
