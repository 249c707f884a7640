"""The list of rivals."""

from functools import partial

from macro_cycle.evaluation.chronology import Chronology
from macro_cycle.evaluation.rivals import activity, rules, switching
from macro_cycle.evaluation.rivals.rival import EVERY_THIRD_MONTH, EVERY_YEAR, Estimate, Rival, Rule

COINCIDENT = ("INDPRO", "PAYEMS", "W875RX1", "CMRMTSPL", "UNRATE", "ICSA", "AWHMAN")
SPREAD = ("GS10", "TB3MS")


def simple_rivals() -> tuple[Rival, ...]:
    """Those that take no other package and next to no time."""
    return (
        Rival("sahm_rule", "Sahm rule", 0.5, False, _fixed(rules.sahm_rule), ("UNRATE",), "Sahm (2019)", levels=True),
        Rival(
            "term_spread",
            "Term spread a year before",
            0.5,
            True,
            _fixed(rules.term_spread),
            SPREAD,
            "Estrella and Mishkin (1998), the New York Fed's coefficients",
            levels=True,
        ),
        Rival(
            "activity_index",
            "Activity index",
            0.7,
            False,
            activity.activity_index,
            COINCIDENT,
            "in the manner of CFNAI-MA3 (Evans, Liu and Pham-Kanter, 2002)",
            every=EVERY_YEAR,
        ),
    )


def all_rivals(chronology: Chronology, vacancies: str | None = None) -> tuple[Rival, ...]:
    """All rivals; those on vacancies where their series is named."""
    logit = partial(activity.activity_logit, chronology=chronology)
    return (
        *simple_rivals(),
        *(_michez(vacancies) if vacancies else ()),
        _probability("activity_logit", "Activity index, real-time logit", logit, "Berge and Jorda (2011)", None),
        _probability(
            "first_component",
            "First component, two-state HMM",
            switching.first_component,
            "Stock and Watson (1989), Hamilton (1989)",
            "hmmlearn",
        ),
        _probability(
            "jump_model",
            "Continuous jump model",
            switching.jump_model,
            "Aydinhan, Kolm, Mulvey and Shu (2024)",
            "jumpmodels",
        ),
        _probability(
            "hmmlearn", "hmmlearn GaussianHMM", switching.hmmlearn_default, "its defaults", "hmmlearn", EVERY_YEAR
        ),
        Rival(
            "markov_regression",
            "statsmodels MarkovRegression",
            0.5,
            True,
            switching.markov_regression,
            ("INDPRO",),
            "Hamilton (1989)",
            requires="statsmodels",
            every=EVERY_THIRD_MONTH,
        ),
    )


def _probability(
    name: str, title: str, estimate: Estimate, source: str, requires: str | None, every: int = EVERY_THIRD_MONTH
) -> Rival:
    """A model of the coincident series."""
    return Rival(name, title, 0.5, True, estimate, COINCIDENT, source, requires=requires, every=every)


def _michez(vacancies: str) -> tuple[Rival, Rival]:
    reads, source = ("UNRATE", vacancies), "Michaillat and Saez (2025)"
    rule = _fixed(partial(rules.michez_rule, vacancies=vacancies))
    two_sided = _fixed(partial(rules.michez_probability, vacancies=vacancies))
    return (
        Rival("michez_rule", "Michez rule", rules.MICHEZ_BEGINS, False, rule, reads, source, levels=True),
        Rival("michez_two_sided", "Michez rule, both thresholds", 0.5, True, two_sided, reads, source, levels=True),
    )


def _fixed(rule: Rule) -> Estimate:
    """A rule of which nothing is estimated."""
    return lambda panel, day: rule
