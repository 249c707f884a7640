"""A model's document gives back the model, or is refused: no damage passes for another model."""

import json
from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from macro_cycle.errors import MacroCycleError
from macro_cycle.hmm import HMMConfig, HMMParameters, MacroCycleHMM
from macro_cycle.hmm.config import COVARIANCE_TYPES, EMISSIONS, STRUCTURES
from macro_cycle.hmm.document import LATER_OPTIONS
from macro_cycle.hmm.frequency import Frequency
from macro_cycle_tests.hmm.panels import ROLES, cycle_panel

PANEL, _ = cycle_panel(n_months=60)
INDICES = {
    "months": PANEL.index,
    "quarters": pd.period_range("2000Q1", periods=60, freq="Q"),
    "Fridays": pd.date_range("2000-01-07", periods=60, freq="W-FRI"),
    "numbers": pd.RangeIndex(60),
}
CONFIGS = st.builds(
    HMMConfig,
    n_regimes=st.sampled_from([2, 3, 4]),
    covariance_type=st.sampled_from(COVARIANCE_TYPES),
    emission=st.sampled_from(EMISSIONS),
    dof=st.sampled_from([7.0, "estimated"]),
    structure=st.sampled_from(STRUCTURES),
    winsor=st.sampled_from([None, 3, 4.0]),
    scaling=st.sampled_from(["robust", "none"]),
    discount=st.floats(0.3, 1.0),
    seed=st.integers(0, 99),
    roles=st.just(ROLES),
    n_restarts=st.just(1),
    max_iter=st.integers(1, 6),
)
STUDENT = {"emission": "student_t", "dof": 7.0, "covariance_type": "full"}


@given(config=CONFIGS, kind=st.sampled_from(sorted(INDICES)), columns=st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_a_document_gives_back_the_model(config, kind, columns):
    panel = PANEL.iloc[:, :columns].set_axis(INDICES[kind], axis=0)
    model = MacroCycleHMM(config).fit(panel)
    again = MacroCycleHMM.from_document(json.loads(json.dumps(model.to_document(), allow_nan=False)))
    assert again.to_document() == model.to_document()
    assert again.config == config
    assert again.convergence == model.convergence
    pd.testing.assert_frame_equal(again.regimes(panel), model.regimes(panel), check_exact=True)
    assert again.forecast(panel, 3).index.equals(model.forecast(panel, 3).index)


DOCUMENTS = [
    MacroCycleHMM(roles=ROLES, n_restarts=2, max_iter=3, **options).fit(PANEL).to_document()
    for options in ({}, STUDENT, {"covariance_type": "tied"}, {"covariance_type": "diag", "n_regimes": 3})
]
SPREAD = {**ROLES, "spread": "transition"}
DRIVEN = PANEL.assign(spread=np.sin(np.arange(len(PANEL)) / 9.0))
DOCUMENTS.append(MacroCycleHMM(roles=SPREAD, n_restarts=2, max_iter=3).fit(DRIVEN).to_document())


def places(part, path=()):
    """Paths of all parts of a document."""
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    return [path, *(place for key, value in inner for place in places(value, (*path, key)))]


def holder(document, path):
    for key in path[:-1]:
        document = document[key]
    return document


def at(document, path):
    return holder(document, path)[path[-1]] if path else document


def refused(document):
    with pytest.raises(MacroCycleError) as refusal:
        MacroCycleHMM.from_document(document)
    assert "\n" not in str(refusal.value)
    assert "train the model again" in str(refusal.value)


NUMBER_FREE = ("roles", "varying_from", "warnings")  # of free text
MAY_LACK = {("parameters", "dof"), *(("config", option) for option in LATER_OPTIONS)}


@given(document=st.sampled_from(DOCUMENTS), data=st.data())
@settings(max_examples=300, deadline=None)
def test_a_number_that_is_none_is_refused_wherever_it_stands(document, data):
    numbers = [p for p in places(document) if isinstance(at(document, p), int | float)]
    path, damaged = data.draw(st.sampled_from(numbers)), deepcopy(document)
    wrong = data.draw(st.sampled_from([float("nan"), float("inf"), -float("inf"), "1.0", [1.0], {}]))
    holder(damaged, path)[path[-1]] = wrong
    refused(damaged)


@given(document=st.sampled_from(DOCUMENTS), data=st.data())
@settings(max_examples=200, deadline=None)
def test_a_missing_or_unknown_key_and_a_wrong_size_are_refused(document, data):
    inside = [p for p in places(document) if p and not set(p) & set(NUMBER_FREE) and p not in MAY_LACK]
    path, damaged = data.draw(st.sampled_from(inside)), deepcopy(document)
    parent = holder(damaged, path)
    if data.draw(st.booleans()) or not isinstance(parent, dict | list):
        if path[:2] == ("convergence", "starts"):
            path, parent = ("convergence", "history"), damaged["convergence"]
        del parent[path[-1]]
    elif isinstance(parent, dict):
        parent["colour"] = 1.0
    else:
        parent.append(parent[0])
        if path[:2] == ("convergence", "starts"):
            parent.append("no start")
    refused(damaged)


def change(*path):
    def by(value):
        def damage(document):
            holder(document, path)[path[-1]] = value(at(document, path)) if callable(value) else value

        return damage

    return by


def adding(key, value):
    return lambda document: document.update({key: value})


CONTRADICTIONS = {
    "other labels": change("labels")(["Boom", "Peak", "Bust", "Trough"]),
    "labels in another order": change("labels")(lambda names: names[::-1]),
    "fewer regimes": change("config", "n_regimes")(3),
    "another covariance": change("config", "covariance_type")("diag"),
    "another emission": change("config", "emission")("student_t"),
    "pi that does not sum to one": change("parameters", "initial_probs")([0.5, 0.5, 0.5, 0.5]),
    "a negative probability": change("parameters", "initial_probs")([1.5, -0.5, 0.0, 0.0]),
    "rows of A that do not sum to one": change("parameters", "transition_matrix", 0, 0)(0.0),
    "a negative variance": change("parameters", "covariances", 0)(-1.0),
    "no scale": change("standardizer", "scale", 0)(0.0),
    "a negative scale": change("standardizer", "scale", 0)(-1.0),
    "another limit": change("standardizer", "limit")(9.0),
    "a column twice": change("columns", 0)("jobs"),
    "a column that is no name": change("columns", 0)(None),
    "another objective": change("convergence", "objective")(1.0),
    "another number of iterations": change("convergence", "n_iter")(99),
    "a frequency that is none": adding("frequency", {"unit": "fortnight", "step": 1}),
    "no step": adding("frequency", {"unit": "month", "step": 0}),
    "another format": change("format")(99),
    "no mapping": change("parameters")([1.0]),
}


@pytest.mark.parametrize("damage", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_document_that_contradicts_itself_is_refused(damage):
    document = deepcopy(DOCUMENTS[0])
    damage(document)
    refused(document)


def test_a_covariance_that_is_none_is_refused():
    for cells in ([0, 1, 5.0], [0, 0, -1.0]):
        document = deepcopy(DOCUMENTS[2])
        document["parameters"]["covariances"][cells[0]][cells[1]] = cells[2]
        refused(document)
    document = deepcopy(DOCUMENTS[1])
    document["parameters"]["dof"][0] = 1.5
    refused(document)


def test_a_months_model_is_written_as_earlier_versions_wrote_it():
    """So that a stored model keeps its version; a model of another step or of none says so."""
    assert "frequency" not in DOCUMENTS[0]
    assert all("failure" not in start for start in DOCUMENTS[0]["convergence"]["starts"])
    assert MacroCycleHMM.from_document(DOCUMENTS[0]).frequency == Frequency("month")
    for kind, step in (("quarters", {"unit": "month", "step": 3}), ("numbers", None)):
        model = MacroCycleHMM(n_restarts=1, max_iter=2).fit(PANEL.set_axis(INDICES[kind], axis=0))
        assert model.to_document()["frequency"] == step


WRONG = [None, "4", "x", [4], {}, float("nan"), float("inf"), True, 2.5, np.array([4]), object]


@given(name=st.sampled_from(list(HMMConfig().to_document())), value=st.sampled_from(WRONG))
@settings(max_examples=150, deadline=None)
def test_an_option_is_kept_as_json_or_refused_in_one_line(name, value):
    refusal = ""
    try:
        config = HMMConfig(**{name: value})
        assert HMMConfig.from_document(json.loads(json.dumps(config.to_document(), allow_nan=False))) == config
    except MacroCycleError as error:
        refusal = str(error)
    assert not refusal or name in refusal
    assert "\n" not in refusal


def test_numbers_of_other_libraries_become_pythons():
    config = HMMConfig(n_regimes=np.int64(3), discount=np.float32(0.5), winsor=3, dof=np.int8(9))
    assert config == HMMConfig(n_regimes=3, discount=0.5, winsor=3.0, dof=9.0)
    assert json.loads(json.dumps(config.to_document())) == config.to_document()


MODEL = MacroCycleHMM.from_document(DOCUMENTS[0])


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (lambda: MODEL.forecast(PANEL, "12"), "steps is '12': it must be a whole number"),
        (lambda: MODEL.forecast(PANEL, 2.5), "steps is 2.5: it must be a whole number"),
        (lambda: MODEL.forecast(PANEL, 0), "steps is 0: it must be at least 1"),
        (lambda: MODEL.sample(None), "n_months is None: it must be a whole number"),
        (lambda: MODEL.sample(3, seed=-1), "seed is -1: it must be at least 0"),
        (lambda: MODEL.posterior(PANEL, n_draws=1.5), "n_draws is 1.5: it must be a whole number"),
        (lambda: MacroCycleHMM({"n_regimes": 3}), "config is {'n_regimes': 3}: it must be an instance of HMMConfig"),
        (lambda: HMMConfig.from_document([1]), "no mapping"),
        (lambda: HMMParameters([1.0], [[1.0]], [0.0], [1.0], "diag"), "means has 1 dimensions"),
        (lambda: HMMParameters(["x"], [[1.0]], [[0.0]], [[1.0]], "diag"), "initial_probs is no array of numbers"),
    ],
)
def test_requests_of_the_wrong_type_are_one_line(request_, words):
    with pytest.raises(MacroCycleError) as refusal:
        request_()
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)
