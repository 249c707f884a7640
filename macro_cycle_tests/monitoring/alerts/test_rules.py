"""A rule fires above one line and ends below another; a file with a fault names the line of it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macro_cycle.errors import MacroCycleError
from macro_cycle.monitoring.alerts.observed import Came, Observed
from macro_cycle.monitoring.alerts.rules import (
    DecisionPendingRule,
    DeclaredPhaseRule,
    ProbabilityRule,
    StalenessRule,
    SurpriseRule,
    read_rules,
)

ALL = """
alerts:
  recession-likely:
    when: probability
    above: 0.5
    until_below: 0.3
    severity: critical
    cooldown_hours: 24
  peak-ahead: {when: probability, of: Peak, above: 0.4, to: [email]}
  declared: {when: declared_phase, phase: contraction}
  payrolls: {when: surprise, series: PAYEMS, beyond: 2}
  old: {when: staleness, months: 3, days: 45}
  waiting: {when: decision_pending, cycle: us}
"""
KINDS = [ProbabilityRule, ProbabilityRule, DeclaredPhaseRule, SurpriseRule, StalenessRule, DecisionPendingRule]


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "alerts.yaml"
    path.write_text(text)
    return path


def observed(p: float = 0.1, **more: object) -> Observed:
    return Observed("us", "2026-11", "2026-10", {"recession": p, "Peak": 0.2}, **more)


def test_every_kind_of_rule_is_read(tmp_path):
    rules = read_rules(written(tmp_path, ALL))
    assert [type(rule) for rule in rules.values()] == KINDS
    assert rules["peak-ahead"].to == ("email",)
    assert rules["recession-likely"].to is None


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("alerts:\n  a:\n    when: probability\n    above: 2\n", 4, "alerts.a.above: Input should be less than"),
        ("alerts:\n  a:\n    when: probability\n", 2, "alerts.a.above: Field required"),
        ("alerts:\n  a:\n    when: rain\n", 2, "alerts.a: Input tag 'rain'"),
        ("alerts:\n  b:\n    phase: x\n", 2, "alerts.b: Unable to extract tag"),
        ("alerts:\n  a:\n    when: staleness\n", 2, "give months, days or both"),
        ("alerts:\n  a:\n    when: probability\n    above: .2\n    until_below: .4\n", 2, "until_below 0.4 lies above"),
        ("alerts:\n  a:\n    when: decision_pending\n    to: [pager]\n", 4, "alerts.a.to"),
        ("alerts:\n  a:\n    when: decision_pending\n    colour: red\n", 4, "Extra inputs are not permitted"),
        ("alerts:\n  'a b': {when: decision_pending}\n", 2, "String should match pattern"),
        ("rules: {}\n", 1, "alerts: Field required"),
        ("", 1, "alerts: Field required"),
        ("- a\n", 1, "the file"),
    ],
)
def test_a_faulty_rule_is_one_line_that_names_its_own(tmp_path, text, line, said):
    with pytest.raises(MacroCycleError) as caught:
        read_rules(written(tmp_path, text))
    assert f"alerts.yaml, line {line}: " in str(caught.value)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(MacroCycleError, match="cannot be read"):
        read_rules(tmp_path / "no.yaml")


@given(p=st.floats(0, 1), above=st.floats(0, 1), gap=st.floats(0, 1))
def test_a_probability_never_both_fires_and_ends_and_between_the_lines_does_neither(p, above, gap):
    rule = ProbabilityRule(when="probability", above=above, until_below=max(above - gap, 0.0))
    found = rule.judge(observed(p))
    assert found.fires == (p > above)
    assert not (found.fires and found.ended)
    if rule.until_below < p < above:
        assert not found.fires
        assert not found.ended


@given(p=st.floats(0, 1), above=st.floats(0, 1))
def test_without_a_second_line_it_fires_or_has_ended(p, above):
    found = ProbabilityRule(when="probability", above=above).judge(observed(p))
    assert found.fires != found.ended


def test_a_phase_that_the_model_lacks_is_one_line():
    with pytest.raises(MacroCycleError, match="there is no phase Boom; there are recession, Peak"):
        ProbabilityRule(when="probability", of="Boom", above=0.5).judge(observed())


@pytest.mark.parametrize(
    ("rule", "quiet", "firing"),
    [
        (
            DeclaredPhaseRule(when="declared_phase", phase="contraction"),
            {"declared": "expansion"},
            {"declared": "contraction", "declared_on": "2008-02-01"},
        ),
        (
            SurpriseRule(when="surprise", series="PAYEMS", beyond=2),
            {"came": (Came("PAYEMS", "2026-10", 1.0, -1.9),)},
            {"came": (Came("PAYEMS", "2026-10", 1.0, -2.1),)},
        ),
        (StalenessRule(when="staleness", months=2), {"months_old": 2}, {"months_old": 3}),
        (StalenessRule(when="staleness", months=9, days=30), {"days_old": 30}, {"days_old": 31, "months_old": 1}),
        (DecisionPendingRule(when="decision_pending"), {"waiting": ()}, {"waiting": ("m1",)}),
    ],
)
def test_each_kind_fires_and_ends_by_what_it_asks_and_says_nothing_of_what_is_not_known(rule, quiet, firing):
    assert rule.judge(Observed("us")) is None
    assert (rule.judge(observed(**quiet)).fires, rule.judge(observed(**quiet)).ended) == (False, True)
    assert (rule.judge(observed(**firing)).fires, rule.judge(observed(**firing)).ended) == (True, False)
