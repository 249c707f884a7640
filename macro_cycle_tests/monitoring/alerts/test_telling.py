"""A rule is told of when it fires and when it ends, once each, whatever restarts and whatever channel was down."""

import json
from datetime import UTC, datetime, timedelta
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from macro_cycle.monitoring.alerts.observed import Came, Observed
from macro_cycle.monitoring.alerts.rules import ProbabilityRule, SurpriseRule
from macro_cycle.monitoring.alerts.state import Standing
from macro_cycle.monitoring.alerts.telling import look, tell
from macro_cycle.monitoring.notifications import Alertmanager, NotDelivered, Notice, Webhook
from macro_cycle_tests.monitoring.receivers import alertmanager, webhook
from macro_cycle_tests.patience import PATIENCE

START = datetime(2026, 11, 1, tzinfo=UTC)
RULE = ProbabilityRule(when="probability", above=0.5, until_below=0.3)


class Collected:
    """A channel that keeps what it is sent; `down`: takes nothing."""

    def __init__(self, name: str = "webhook", steady: bool = False) -> None:
        self.name, self.steady, self.down, self.taken = name, steady, False, list[Notice]()

    def send(self, notices) -> None:
        if self.down:
            raise NotDelivered(f"{self.name}: down")
        self.taken += notices

    @property
    def lines(self) -> list[tuple[str, bool]]:
        return [(notice.name, notice.resolved) for notice in self.taken]


def observed(p: float, **more: object) -> Observed:
    return Observed("us", "2026-11", "2026-10", {"recession": p}, **more)


def looks(probabilities, rule=RULE, hours=1.0) -> list[tuple[int, str]]:
    """What happens at which look; the state goes through JSON between any two, as over a restart."""
    standing, happened = Standing(), []
    for number, p in enumerate(probabilities):
        standing = Standing.from_document(json.loads(json.dumps(standing.to_document())))
        standing, events, _ = look(standing, {"r": rule}, observed(p), START + number * timedelta(hours=hours))
        happened += [(number, event.what) for event in events]
    return happened


def test_it_fires_once_and_ends_below_the_second_line():
    assert looks([0.1, 0.6, 0.9, 0.4, 0.6, 0.2, 0.1]) == [(1, "firing"), (5, "resolved")]


def test_a_cooldown_holds_back_the_next_one_and_then_it_comes():
    rule = RULE.model_copy(update={"cooldown_hours": 4})
    assert looks([0.6, 0.1, 0.6, 0.6, 0.6, 0.1], rule) == [
        (0, "firing"),
        (1, "resolved"),
        (4, "firing"),
        (5, "resolved"),
    ]


@given(ps=st.lists(st.floats(0, 1), max_size=40), cooldown=st.integers(0, 10))
def test_firing_and_resolved_alternate_and_agree_with_an_automaton(ps, cooldown):
    happened = looks(ps, RULE.model_copy(update={"cooldown_hours": cooldown}))
    assert [what for what, _ in groupby(what for _, what in happened)] == [what for _, what in happened]
    on, fired_at, expected = False, None, []
    for hour, p in enumerate(ps):
        if on and p < 0.3:
            on = False
            expected.append((hour, "resolved"))
        elif not on and p > 0.5 and (fired_at is None or hour - fired_at >= cooldown):
            on, fired_at = True, hour
            expected.append((hour, "firing"))
    assert happened == expected


def test_another_surprise_is_another_alert_and_the_same_one_is_not():
    rule, standing, told = SurpriseRule(when="surprise", series="PAYEMS", beyond=2), Standing(), []
    for period, deviations in [("2026-09", 3.0), ("2026-09", 3.0), ("2026-10", -4.0), ("2026-11", 0.1)]:
        seen = observed(0.1, came=(Came("PAYEMS", period, 1.0, deviations),))
        standing, events, _ = look(standing, {"r": rule}, seen, START)
        told.append([event.what for event in events])
    assert told == [["firing"], [], ["resolved", "firing"], ["resolved"]]


def test_what_is_not_known_changes_nothing_and_a_rule_taken_away_is_resolved():
    standing, *_ = look(Standing(), {"r": RULE}, observed(0.9), START)
    same, events, _ = look(standing, {"r": RULE}, Observed("us"), START)
    assert (same, events) == (standing, [])
    other, events, _ = look(standing, {}, Observed("br"), START)
    assert events == []
    _, [event], _ = look(other, {}, observed(0.9), START)
    assert (event.what, event.text) == ("resolved", "the rule was taken away")


def test_a_rule_that_asks_what_there_is_not_is_named_and_the_others_go_on():
    wrong = ProbabilityRule(when="probability", of="Boom", above=0.1)
    _, events, faults = look(Standing(), {"wrong": wrong, "right": RULE}, observed(0.9), START)
    assert [event.rule for event in events] == ["right"]
    assert faults[0].startswith("wrong: there is no phase Boom")


def test_each_channel_gets_its_own_once_and_what_it_missed_later():
    mail, hook = Collected("email"), Collected("webhook")
    rules = {"all": RULE, "mail": RULE.model_copy(update={"to": ("email",)})}
    mail.down = True
    standing, events, _ = look(Standing(), rules, observed(0.9), START)
    standing, failures = tell(standing, events, [mail, hook])
    assert failures == ["email: down"]
    standing = Standing.from_document(json.loads(json.dumps(standing.to_document())))
    mail.down = False
    for _ in range(2):
        standing, failures = tell(standing, [], [mail, hook])
    assert failures == []
    assert mail.lines == [("all", False), ("mail", False)]
    assert hook.lines == [("all", False)]
    assert standing.unsent == {}


def test_a_channel_that_shows_what_stands_is_told_at_each_look_until_it_ends():
    steady = Collected("alertmanager", steady=True)
    standing, events, _ = look(Standing(), {"r": RULE}, observed(0.9), START)
    standing, _ = tell(standing, events, [steady])
    standing, _ = tell(standing, [], [steady])
    standing, events, _ = look(standing, {"r": RULE}, observed(0.1), START)
    standing, _ = tell(standing, events, [steady])
    standing, _ = tell(standing, [], [steady])
    assert steady.lines == [("r", False), ("r", False), ("r", True)]


def test_a_webhook_reads_as_a_line():
    with webhook() as receiver:
        standing, events, _ = look(Standing(), {"r": RULE}, observed(0.9), START)
        tell(standing, events, [Webhook(SecretStr(receiver.url))])
    assert receiver.texts == ["[warning] r: probability of recession 90.0% in 2026-10, as known in 2026-11"]


@pytest.mark.slow
def test_alertmanager_shows_it_while_it_stands_and_no_longer(tmp_path):
    import httpx

    with alertmanager(tmp_path) as url:
        outlets = [Alertmanager(SecretStr(url))]
        standing, events, _ = look(Standing(), {"r": RULE}, observed(0.9), datetime.now(UTC))
        standing, failures = tell(standing, events, outlets)
        assert failures == []
        [alert] = httpx.get(f"{url}/api/v2/alerts", timeout=PATIENCE).json()
        assert (alert["labels"]["alertname"], alert["labels"]["cycle"]) == ("r", "us")
        standing, events, _ = look(standing, {"r": RULE}, observed(0.1), datetime.now(UTC))
        tell(standing, events, outlets)
        assert httpx.get(f"{url}/api/v2/alerts?active=true", timeout=PATIENCE).json() == []
