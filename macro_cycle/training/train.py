"""Training, once for each panel and configuration: what was trained before is found again by content."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

import pandas as pd

from macro_cycle.platform.versions import content_version, document_version
from macro_cycle.training.bundle import Bundle
from macro_cycle.warehouse.models import ModelStore, StoredModel
from macro_cycle.warehouse.regimes import Call

if TYPE_CHECKING:
    from macro_cycle.hmm import HMMConfig, MacroCycleHMM

BATCH = 32


@dataclass(frozen=True)
class Trained:
    """A model of a panel: freshly trained, or found again because neither data nor configuration changed."""

    month: str
    panel: pd.DataFrame
    stored: StoredModel
    reused: bool

    @cached_property
    def model(self) -> "MacroCycleHMM":
        """The model, rebuilt from its document."""
        return rebuilt(self.stored)


def train_or_reuse(
    store: ModelStore,
    panels: Iterable[tuple[str, str, pd.DataFrame]],
    config: "HMMConfig",
    *,
    keep: bool = True,
) -> Iterator[Trained]:
    """Models for `(month, content version, panel)`, in order, trained batch by batch and stored, to `keep` them.

    A fit is a function of its panel, the configuration and the seed alone, so an interrupted range resumes
    with the same bits.
    """
    config_version = document_version(config.to_document())
    remaining = iter(panels)
    while batch := list(islice(remaining, BATCH)):
        known = {version: store.find(version, config_version) for _, version, _ in batch}
        fresh = {version: panel for _, version, panel in batch if known[version] is None}
        trained = _train(fresh, config)
        if keep:
            store.save(trained)
        known |= {model.input_version: model for model in trained}
        for month, version, panel in batch:
            model = known[version]
            assert model is not None
            yield Trained(month, panel, model, reused=version not in fresh)


def train(panel: pd.DataFrame, config: "HMMConfig") -> StoredModel:
    """One model, not stored."""
    return _train({content_version(panel): panel}, config)[0]


def _train(panels: Mapping[str, pd.DataFrame], config: "HMMConfig") -> list[StoredModel]:
    if not panels:
        return []
    from macro_cycle.hmm import fit_windows

    fits = fit_windows(list(panels.values()), config, chain=False)
    return [_stored(fit, panel, version) for fit, (version, panel) in zip(fits, panels.items(), strict=True)]


def _stored(fit: "MacroCycleHMM", panel: pd.DataFrame, version: str) -> StoredModel:
    document = fit.to_document()
    return StoredModel(
        model_version=document_version(document),
        input_version=version,
        config_version=document_version(fit.config.to_document()),
        document=document,
        metrics=_metrics(fit, panel),
    )


def _metrics(fit: "MacroCycleHMM", panel: pd.DataFrame) -> dict[str, float]:
    """Figures of the fit: log-likelihood in nats, information criteria, and how the search went."""
    return {
        "log_likelihood": float(fit.score(panel)),
        "aic": float(fit.aic(panel)),
        "bic": float(fit.bic(panel)),
        "objective": float(fit.convergence.objective),
        "n_iter": float(fit.convergence.n_iter),
        "converged": float(fit.convergence.converged),
        "basin_gap": float(fit.convergence.basin_gap),
        "n_months": float(len(panel)),
        "n_features": float(panel.shape[1]),
    }


def bundle_of(
    stored: StoredModel,
    panel: pd.DataFrame,
    as_of: pd.Timestamp,
    history: Sequence[Mapping[str, Any]] = (),
    known_from: date | None = None,
    model: "MacroCycleHMM | None" = None,
    **beside: Any,
) -> Bundle:
    """What a server needs to serve the model and to be checked: the panel and the answer it must give for it.

    history: the answers of earlier days, as `Bundle` describes them. known_from: the day on which the answer is given,
    where that is before `as_of`. model: as `rebuilt` gives it, where somebody has it. beside: what else the answer
    says (phase, `band` as [low, high], `forecast` as the recession probability by months ahead, ages); the server
    answers it as it stands.
    """
    regimes = (model or rebuilt(stored)).regimes(panel)
    call = Call.newest_of(regimes, as_of.date(), stored.model_version, content_version(regimes))
    expected = {
        "reference_month": str(call.reference_month),
        "label": call.label,
        "recession_probability": call.recession_probability,
        "probabilities": dict(call.probabilities),
        **{name: value for name, value in beside.items() if value is not None},
    }
    meta = {
        "model_version": call.model_version,
        "as_of": str(call.as_of),
        "data_version": call.data_version,
        "metrics": dict(stored.metrics),
    }
    if known_from is not None:
        meta["known_from"] = str(known_from)
    return Bundle(stored.document, panel, expected, meta, list(history))


def rebuilt(stored: StoredModel) -> "MacroCycleHMM":
    """The model that a document describes."""
    from macro_cycle.hmm import MacroCycleHMM

    return MacroCycleHMM.from_document(dict(stored.document))
