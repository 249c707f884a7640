"""A challenger serves only if it fits, still means the same by its names, foresees as well, and beats simple rules."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from macro_cycle.evaluation.track_record import Figures
from macro_cycle.hmm import MacroCycleHMM
from macro_cycle.promotion.gate import FEWEST_SETTLED, Evidence, judge, log_score, walk_forward_log_score

MINE = Figures("model", "Macro Cycle", 400, 0.99, 0.02, 0.01, 7, 7, 3.0)
RIVAL = Figures("sahm_rule", "Sahm rule", 400, 0.88, None, 0.1, 7, 7, 8.0)
EVIDENCE = Evidence(MINE, None, [RIVAL], "calls on file")


@pytest.fixture(scope="module")
def panel(bundle) -> pd.DataFrame:
    return bundle.panel


@pytest.fixture(scope="module")
def champion(bundle) -> MacroCycleHMM:
    return MacroCycleHMM.from_document(dict(bundle.model))


def altered(model: MacroCycleHMM, **parts: dict) -> MacroCycleHMM:
    """The model with entries of some parts of its document replaced."""
    document = model.to_document()
    return MacroCycleHMM.from_document({**document, **{name: {**document[name], **new} for name, new in parts.items()}})


def names_of_failed(verdict) -> set[str]:
    return {condition.name for condition in verdict.conditions if not condition.holds}


def test_a_model_may_take_its_own_place(champion, panel):
    verdict = judge(champion, champion, panel, EVIDENCE)
    assert verdict.promote
    assert verdict.reasons == ()
    assert all(np.isfinite(figure) for figure in verdict.figures.values())


def test_without_a_champion_or_a_record_only_the_fit_is_asked_about_and_this_is_said(champion, panel):
    verdict = judge(champion, None, panel)
    assert verdict.promote
    assert {c.name for c in verdict.conditions} == {"converged", "log_score"}
    assert len(verdict.not_asked) == 2


def test_training_that_did_not_converge_is_refused(champion, panel):
    verdict = judge(altered(champion, convergence={"converged": False}), None, panel)
    assert not verdict.promote
    assert names_of_failed(verdict) == {"converged"}


def test_exchanged_names_are_refused(champion, panel):
    exchanged = altered(champion, parameters=champion.parameters.permuted([2, 1, 0, 3]).to_document())
    verdict = judge(exchanged, champion, panel, EVIDENCE)
    assert not verdict.promote
    assert {"names_kept", "label_agreement"} <= names_of_failed(verdict)


def test_a_model_that_foresees_worse_is_refused(champion, panel):
    far = np.asarray(champion.parameters.means) + 1.0
    verdict = judge(altered(champion, parameters={"means": far.tolist()}), champion, panel)
    assert "log_score_loss" in names_of_failed(verdict)
    assert "basin_gap" not in names_of_failed(verdict)


def test_a_search_that_missed_the_champion_s_basin_is_refused(champion, panel):
    worse = champion.convergence.objective - 5
    missed = altered(champion, convergence={"objective": worse, "history": [*champion.convergence.history[:-1], worse]})
    verdict = judge(missed, champion, panel)
    assert names_of_failed(verdict) == {"basin_gap"}
    assert verdict.figures["basin_gap"] == pytest.approx(5, abs=0.1)


def test_another_configuration_is_walked_forward_beside_the_champion_s(champion, panel):
    other = MacroCycleHMM(champion.config.replace(discount=0.9)).fit(panel)
    verdict = judge(other, champion, panel)
    expected = walk_forward_log_score(champion.config, panel) - walk_forward_log_score(other.config, panel)
    assert verdict.figures["walk_forward_loss"] == expected


@pytest.mark.parametrize(
    ("evidence", "failed"),
    [
        (replace(EVIDENCE, rivals=[replace(RIVAL, auroc=0.995)]), "auroc_above_sahm_rule"),
        (replace(EVIDENCE, rivals=[replace(RIVAL, brier=0.01)]), "brier_below_sahm_rule"),
        (replace(EVIDENCE, challenger=replace(MINE, auroc=0.45), rivals=[]), "auroc"),
        (replace(EVIDENCE, challenger=replace(MINE, brier=float("nan"))), "brier"),
        (replace(EVIDENCE, champion=replace(MINE, auroc=0.999)), "auroc_loss"),
        (replace(EVIDENCE, champion=replace(MINE, brier=0.01)), "brier_loss"),
    ],
)
def test_a_record_that_is_beaten_is_refused(champion, panel, evidence, failed):
    verdict = judge(champion, None, panel, evidence)
    assert not verdict.promote
    assert names_of_failed(verdict) == {failed}


def test_a_young_record_is_not_held_against_a_model(champion, panel):
    young = replace(EVIDENCE, challenger=replace(MINE, months=FEWEST_SETTLED - 1, auroc=0.4))
    verdict = judge(champion, None, panel, young)
    assert verdict.promote
    assert any("fewer than" in line for line in verdict.not_asked)


def test_log_scores_do_not_depend_on_a_model_s_own_units(champion, panel):
    """The same density in units twice as large is as good a forecast."""
    free = MacroCycleHMM(champion.config.replace(winsor=None)).fit(panel)
    document = free.to_document()
    halved = altered(
        free,
        standardizer={"scale": [2 * s for s in document["standardizer"]["scale"]]},
        parameters={
            "means": (free.parameters.means / 2).tolist(),
            "covariances": (free.parameters.covariances / 4).tolist(),
            "slopes": (free.parameters.slopes * 2).tolist(),
        },
    )
    assert log_score(halved, panel) == pytest.approx(log_score(free, panel), abs=1e-9)
