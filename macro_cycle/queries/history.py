"""What moved the answer between two days, and what was known and said on one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from macro_cycle.audit.replay import Link, Stored, data_day, declared_again, reproduce
from macro_cycle.evaluation.news import InformationSet, News, explain
from macro_cycle.features import build_panel
from macro_cycle.observations.calendar import late_arrivals
from macro_cycle.platform.months import key_of
from macro_cycle.platform.versions import document_version
from macro_cycle.records import Answer, Declared, Model, Panel, Record
from macro_cycle.resources.knowledge import information_sets
from macro_cycle.resources.platform import Platform
from macro_cycle.resources.recorded import history_until
from macro_cycle.warehouse.regimes import Call, RecordedCall


def news_between(platform: Platform, earlier: pd.Timestamp, later: pd.Timestamp) -> tuple[News, dict[str, Any]]:
    """Why the recession probability moved, and the document that says so.

    Raises:
        MacroCycleError: too little was known on one of the days.
    """
    before, after = information_sets(platform, earlier, later)
    news = explain(before, after, platform.catalog, platform.features)
    series_ids = platform.features.series_ids
    late = late_arrivals(history_until(platform, later, series_ids), platform.catalog, series_ids, earlier, later)
    return news, {
        "change": news.change,
        "news": news.has_new_data,
        "months_behind": news.months_behind,
        **news.to_document(),
        "late": late,
        "provenance": platform.publications().provenance([earlier, later]).to_document(),
    }


@dataclass(frozen=True)
class Replay:
    """What was known and said on a day; call and links: the answer on record and its links, None and empty without."""

    document: dict[str, Any]
    call: RecordedCall | None
    links: Sequence[Link]

    @property
    def broken(self) -> list[str]:
        """Names of the links that do not hold."""
        return [link.name for link in self.links if link.holds is False]


def replay(platform: Platform, day: pd.Timestamp) -> Replay:
    """The answer on record for a day, computed again link by link, and what the data known on it give."""
    (information_set,) = information_sets(platform, day)
    call = platform.regimes.said_by(day.date())
    links = (*reproduce(call, stored_of(platform, call)), *_declared(platform, call)) if call else ()
    document = {
        "as_of": day.date(),
        "known": newest(information_set.known),
        "data_give": data_give(platform, information_set),
        "provenance": platform.publications().provenance([day]).to_document(),
        "said": None if call is None else {**said(platform, call), "links": [vars(link) for link in links]},
    }
    return Replay(document, call, links)


def newest(known: pd.DataFrame) -> list[dict[str, Any]]:
    """The newest observation of each series."""
    newest = known.sort_values("date").groupby("series_id").tail(1).sort_values("series_id")
    days = {name: newest[name].dt.strftime("%Y-%m-%d") for name in ("date", "realtime_start")}
    rows = newest.assign(**days).to_dict(orient="records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def data_give(platform: Platform, information_set: InformationSet) -> dict[str, Any]:
    """What the data known on the day give under the present configuration."""
    panel = build_panel(information_set.known, platform.catalog, platform.features)
    version = document_version(information_set.model.to_document())
    call = Call.newest_of(information_set.model.regimes(panel), information_set.as_of.date(), version, "")
    return {name: value for name, value in vars(call).items() if name not in ("as_of", "data_version")}


def said(platform: Platform, call: RecordedCall) -> dict[str, Any]:
    """The call with the age of its data, and whether they were new."""
    answer = platform.records.load("regime_labels", Answer, [key_of(call.as_of)]).get(key_of(call.as_of))
    stated = answer.provenance if answer and answer.version == call.data_version else None
    return {
        **vars(call),
        "news": not platform.regimes.repeats(call),
        "months_behind": call.months_behind,
        "provenance": None if stated is None else stated.to_document(),
    }


def stored_of(platform: Platform, call: RecordedCall) -> Stored:
    """What is stored of a call."""
    store, series_ids, day = platform.warehouse, platform.features.series_ids, data_day(call)
    return Stored(
        broken_at=platform.regimes.broken_at(),
        model=platform.models.load(call.model_version),
        panel=build_panel(store.as_of(day, series_ids), platform.catalog, platform.features),
        loaded_since=store.loaded_since(call.recorded_at, day, series_ids),
        bundled=lambda: _bundled_panel(platform, call),
        served=platform.served.last(call.as_of),
        same_code=_same_code(platform, call),
    )


def _declared(platform: Platform, call: RecordedCall) -> list[Link]:
    """The link to the phase that was declared with the call, where one is on record."""
    from macro_cycle.assets.chain import code_versions
    from macro_cycle.assets.declared import made_again

    month = key_of(call.as_of)
    record = platform.records.load("declared_phase", Declared, [month]).get(month)
    if record is None:
        return []
    same_code = record.made_by == code_versions(platform)["declared_phase"]
    return [declared_again(record, made_again(platform, record), same_code)]


def _same_code(platform: Platform, call: RecordedCall) -> bool:
    """Whether panel, model and answer of the call were made by this release under the present settings."""
    from macro_cycle.assets.chain import code_versions

    code = code_versions(platform)
    wanted: dict[str, tuple[type[Record], str | None]] = {
        "macro_features": (Panel, None),
        "regime_model": (Model, call.model_version),
        "regime_labels": (Answer, call.data_version),
    }
    return all(
        any(
            record.made_by == code[asset] and record.version == (version or record.version)
            for record in platform.records.history(asset, kind)
            if record.as_of == call.as_of
        )
        for asset, (kind, version) in wanted.items()
    )


def _bundled_panel(platform: Platform, call: RecordedCall) -> pd.DataFrame | None:
    """The panel kept in MLflow with the call's model."""
    version = platform.registry.versions().get((str(call.as_of), call.model_version))
    return platform.registry.bundle(version).panel if version else None
