"""A definition is varied key by key, in every combination; what cannot be varied is named."""

import pytest

from macro_cycle.cycles import shipped
from macro_cycle.cycles.variants import variants
from macro_cycle.errors import MacroCycleError

US = shipped()


def test_nothing_varied_is_the_definition_itself():
    (only,) = variants(US, {})
    assert (only.name, only.features, only.config) == ("as defined", US.features, US.hmm_config())


def test_every_combination_comes_once_in_order():
    found = variants(US, {"model.winsor": [3, 4], "features.MOMENTUM.span": [1, 2, 3]})
    assert [each.name for each in found] == [
        f"winsor {winsor}, MOMENTUM.span {span}" for winsor in (3, 4) for span in (1, 2, 3)
    ]
    spans = [next(f for f in each.features.features if f.name == "MOMENTUM").span for each in found]
    assert ([each.config.winsor for each in found], spans) == ([3, 3, 3, 4, 4, 4], [1, 2, 3, 1, 2, 3])


def test_a_role_that_is_varied_reaches_the_model():
    (only,) = variants(US, {"features.HOUST.role": ["activity"]})
    assert dict(only.config.roles)["HOUST"] == "activity"


@pytest.mark.parametrize(
    ("varied", "said"),
    [
        ({"winsor": [3]}, "winsor cannot be varied; write model.<option>"),
        ({"features.NOWHERE.span": [3]}, "features.NOWHERE.span cannot be varied"),
        ({"model.winsorr": [3]}, "winsorr"),
        ({"model.winsor": ["much"]}, "winsor"),
        ({"features.MOMENTUM.span": [-1]}, "span"),
        ({"model.winsor": list(range(1001))}, "1001 combinations are too many"),
    ],
)
def test_what_cannot_be_varied_is_one_line(varied, said):
    with pytest.raises(MacroCycleError, match=said) as raised:
        variants(US, varied)
    assert "\n" not in str(raised.value)
