"""Variants of a definition: its features and model with some keys given other values."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from pydantic import ValidationError

from macro_cycle.cycles.definition import CycleDefinition
from macro_cycle.errors import MacroCycleError
from macro_cycle.evaluation.comparison import Variant
from macro_cycle.features import FeatureSet
from macro_cycle.platform.settings import ModelSettings

KEYS = "model.<option> or features.<name>.<field>"
MOST_VARIANTS = 1000


def variants(
    definition: CycleDefinition, varied: Mapping[str, Sequence[Any]], overrides: ModelSettings | None = None
) -> list[Variant]:
    """One variant for each combination of the values, in their order; the definition itself where nothing is varied.

    varied: values by key, as `model.winsor` or `features.MOMENTUM.span`. overrides: settings that go before the
    model's options.

    Raises:
        MacroCycleError: there is no such key, a value is not possible, or the combinations are too many.
    """
    combinations = list(product(*varied.values()))
    if len(combinations) > MOST_VARIANTS:
        raise MacroCycleError(f"{len(combinations)} combinations are too many; vary at most {MOST_VARIANTS}")
    return [_variant(definition, dict(zip(varied, values, strict=True)), overrides) for values in combinations]


def _variant(definition: CycleDefinition, changes: Mapping[str, Any], overrides: ModelSettings | None) -> Variant:
    options: dict[str, Any] = {}
    fields: dict[str, dict[str, Any]] = {}
    for key, value in changes.items():
        match key.split("."):
            case ["model", option]:
                options[option] = value
            case ["features", name, field] if name in definition.features.names:
                fields.setdefault(name, {})[field] = value
            case _:
                raise MacroCycleError(f"{key} cannot be varied; write {KEYS}, as macro_cycle/cycles/us.yaml names them")
    features = _features(definition.features, fields)
    name = ", ".join(f"{key.split('.', 1)[1]} {value}" for key, value in changes.items()) or "as defined"
    return Variant(name, features, definition.hmm_config(overrides, features, **options))


def _features(features: FeatureSet, fields: Mapping[str, Mapping[str, Any]]) -> FeatureSet:
    document = features.model_dump()["features"]
    try:
        return FeatureSet.model_validate({"features": [{**each, **fields.get(each["name"], {})} for each in document]})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise MacroCycleError(f"features: {first['loc'][-1]}: {first['msg'].removeprefix('Value error, ')}") from None
