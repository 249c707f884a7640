"""What the monthly assets of a cycle have in common: their partitions, their code versions, and how they run.

An asset receives the records of its months, makes its own, and reports each month with a data version of its own. A
month whose standing record was made by the same code from the same versions is not made again. In a range a month that
cannot be made is named and the others go on; alone it fails the step.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from typing import Any

import dagster as dg

from macro_cycle.assets.shown import rounded
from macro_cycle.automation.conditions import on_new_content
from macro_cycle.automation.partitions import monthly_partitions
from macro_cycle.dagster_internals import DATA_VERSION_TAG, own_events, store_batch, version_tags
from macro_cycle.errors import MacroCycleError, OutageError
from macro_cycle.platform.versions import document_version
from macro_cycle.records import Record
from macro_cycle.resources.platform import Platform
from macro_cycle.resources.records import KINDS

BATCH_SIZE = 50
CODE = {
    "fred_series": 1,
    "macro_features": 1,
    "regime_model": 1,
    "regime_labels": 2,
    "declared_phase": 2,
    "regime_news": 2,
    "champion": 1,
    "feast_materialization": 1,
    "kserve_deployment": 1,
}
"""Raised by one when the same inputs give something else."""

DRAWN = (dg.MarkdownMetadataValue, dg.TableMetadataValue)
LOOKED_BACK = 9
"""Newest events of a month among which one of the same content is looked for, whose charts are shown again."""
Metadata = dict[str, Any]
Made = tuple[Record, Metadata]
Result = tuple[str, Made | MacroCycleError]


@dataclass(frozen=True)
class Chain:
    """The assets of one cycle as they are defined: their keys, by months, with a code version for each."""

    platform: Platform
    months: dg.PartitionsDefinition
    code: Mapping[str, str]

    @classmethod
    def of(cls, platform: Platform) -> "Chain":
        """The chain of the platform's cycle."""
        return cls(platform, monthly_partitions(platform.clock), code_versions(platform))

    @property
    def cycle(self) -> str:
        """The cycle's code."""
        return self.platform.cycle

    def key(self, asset: str) -> dg.AssetKey:
        """The key of one of its assets."""
        return dg.AssetKey([self.cycle, asset])

    def own(self, name: str) -> str:
        """The cycle's own pool, group or operation of a kind."""
        return f"{self.cycle}_{name}"

    def names(self, asset: str, group: str) -> dict[str, Any]:
        """Key and group of an asset."""
        return {"name": asset, "key_prefix": self.cycle, "group_name": self.own(group)}

    def options(self, asset: str, group: str, *receives: str) -> dict[str, Any]:
        """What every monthly asset after the fetch has in common; it receives records of others by their names.

        None has a freshness policy: Dagster judges an asset by its newest run, which may be one of a past month. How
        fresh the open month is, `current` says.
        """
        return {
            **self.names(asset, group),
            "ins": {name: dg.AssetIn(self.key(name)) for name in receives},
            "partitions_def": self.months,
            "backfill_policy": dg.BackfillPolicy.single_run(),
            "code_version": self.code[asset],
            "pool": self.own("months"),  # one run at a time makes months of a cycle
            "automation_condition": on_new_content(holding_back=[self.key("fred_series"), self.key("macro_features")]),
        }


def code_versions(platform: Platform) -> dict[str, str]:
    """Code version of each asset: its own number, and a hash of the configuration that it depends on."""
    settings = platform.settings
    catalog = {name: spec.model_dump(mode="json") for name, spec in sorted(platform.catalog.series.items())}
    features = platform.features.model_dump(mode="json")
    depends_on: dict[str, dict[str, Any]] = {
        "fred_series": {"catalog": catalog},
        "macro_features": {"catalog": catalog, "features": features},
        "regime_model": {"model": platform.model_config.to_document(), "features": features},
        "declared_phase": {"rule": platform.definition.declared.model_dump(mode="json")},
        "champion": {"promotion": settings.promotion},
        "feast_materialization": settings.feast.model_dump(mode="json", exclude={"host", "port"}),
        "kserve_deployment": {"model_name": settings.kserve.model_name},
    }
    return {asset: f"{number}.{document_version(depends_on.get(asset, {}))[:8]}" for asset, number in CODE.items()}


class Months:
    """The months of one run of one asset.

    received: the records that the asset received, by asset and month. beside: records that are taken along where they
    are there; a month is made again when its one changes, and made without where it has none.
    """

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        defined: Chain,
        beside: Mapping[str, Mapping[str, Record]] | None = None,
        **received: Mapping[str, Record],
    ) -> None:
        self._context, self._platform, self._code = context, defined.platform, defined.code
        self._key = defined.key
        self._asset = context.asset_key.path[-1]
        self._received, self._inputs = received, {**received, **(beside or {})}
        self.keys = list(context.partition_keys)

    @property
    def alone(self) -> bool:
        """Whether the run is about one month."""
        return len(self.keys) == 1

    def made_by_and_from(self, month: str) -> dict[str, Any]:
        """The part of a record of `month` that says how it was made."""
        return {"made_by": self._code[self._asset], "made_from": self._versions(month)}

    def report(
        self,
        make: Callable[[list[str]], Iterable[Result]],
        describe: Callable[[Any], Metadata],
        still_there: Callable[[Any], bool] = lambda _record: True,
    ) -> Iterator[dg.MaterializeResult]:
        """Make what is not made yet, and report each month.

        make: results of the given months, in order. describe: the metadata that a record alone gives. still_there:
        whether what a standing record stands for can still be found.

        Raises:
            MacroCycleError: the one month, or every month of a range, cannot be made.
        """
        in_order = {month: self.why_not(month) for month in self.keys}
        standing = self._platform.records.load(self._asset, KINDS.get(self._asset, Record), self.keys)
        kept = {
            month: record
            for month, record in standing.items()
            if in_order[month] is None and record.stands_for(**self.made_by_and_from(month)) and still_there(record)
        }
        refused = ((month, reason) for month, reason in in_order.items() if reason is not None)
        reused: Iterator[Result] = (
            (m, (record, self.drawn(m, record, describe(record)))) for m, record in kept.items()
        )
        wanted = [month for month in self.keys if month not in kept and in_order[month] is None]
        results = chain(refused, reused, self._kept(make(wanted)))
        return self._alone(results, describe) if self.alone else self._range(results, describe)

    def drawn(self, month: str, record: Record, described: Metadata) -> Metadata:
        """The charts and tables that were drawn when the same was made last, of the run's newest month."""
        if month != self.keys[-1]:
            return {}
        asked = dg.AssetRecordsFilter(asset_key=self._context.asset_key, asset_partitions=[month])
        found = self._context.instance.fetch_materializations(asked, limit=LOOKED_BACK).records
        events = [each.asset_materialization for each in found if each.asset_materialization]
        same = next((each for each in events if (each.tags or {}).get(DATA_VERSION_TAG) == record.version), None)
        drawn = {name: each for name, each in same.metadata.items() if isinstance(each, DRAWN)} if same else {}
        return {name: each for name, each in drawn.items() if name not in described}

    def why_not(self, month: str) -> MacroCycleError | None:
        """What stands against making the month from what was received, in a line."""
        for asset, records in self._received.items():
            record = records.get(month)
            if record is None:
                return MacroCycleError(f"there is no {asset}; materialize it for that month first")
            if record.problems:
                return MacroCycleError(f"{asset}: {record.problems[0]}")
            if record.made_by != self._code[asset]:
                return MacroCycleError(
                    f"{asset} was made under other settings or by an older release; materialize {asset} first"
                )
            versions = self._versions(month)
            if any(versions.get(source, version) != version for source, version in record.made_from.items()):
                return MacroCycleError(f"{asset} was made before what it is made from; materialize {asset} first")
        return None

    def _versions(self, month: str) -> dict[str, str]:
        return {asset: records[month].version for asset, records in self._inputs.items() if month in records}

    def _kept(self, results: Iterable[Result]) -> Iterator[Result]:
        """The results, handed on once their records are kept. That the database is away says nothing of a month."""
        pending: dict[str, Made] = {}
        for month, result in results:
            if isinstance(result, OutageError):
                raise result
            if isinstance(result, MacroCycleError):
                yield month, result
                continue
            pending[month] = result
            if len(pending) == BATCH_SIZE:
                yield from self._keep(pending)
                pending = {}
        yield from self._keep(pending)

    def _keep(self, made: Mapping[str, Made]) -> Iterable[Result]:
        self._platform.records.append(self._asset, [record for record, _ in made.values()])
        return made.items()

    def _alone(self, results: Iterator[Result], describe: Callable[[Any], Metadata]) -> Iterator[dg.MaterializeResult]:
        for month, result in results:
            if isinstance(result, MacroCycleError):
                self._platform.records.fail(self._asset, month, str(result))
                raise MacroCycleError(f"{month[:7]}: {result}")
            record, metadata = result
            yield dg.MaterializeResult(
                data_version=dg.DataVersion(record.version), metadata=rounded({**describe(record), **metadata})
            )

    def _range(self, results: Iterator[Result], describe: Callable[[Any], Metadata]) -> Iterator[dg.MaterializeResult]:
        done, failed = 0, []
        while batch := list(islice(results, BATCH_SIZE)):
            failed += [self._failed(month, error) for month, error in batch if isinstance(error, MacroCycleError)]
            made = [(month, result) for month, result in batch if not isinstance(result, MacroCycleError)]
            store_batch(self._context, [self._materialization(month, result, describe) for month, result in made])
            done += len(made)
            self._context.log.info(f"{self._asset}: {done} of {len(self.keys)} months, at {batch[-1][0][:7]}")
        if failed and not done:
            raise MacroCycleError(f"no month could be made; the first: {failed[0]}")
        if failed:
            self._context.log.warning(f"{self._asset}: {len(failed)} of {len(self.keys)} months could not be made")
        with own_events(self._context):
            yield dg.MaterializeResult()

    def _failed(self, month: str, error: MacroCycleError) -> str:
        self._platform.records.fail(self._asset, month, str(error))
        self._context.log.error(f"{month[:7]}: {self._asset} could not be made: {error}")
        return f"{month[:7]}: {error}"

    def _materialization(self, month: str, made: Made, describe: Callable[[Any], Metadata]) -> dg.AssetMaterialization:
        record, metadata = made
        inputs = {self._key(asset): version for asset, version in record.made_from.items() if asset in self._inputs}
        return dg.AssetMaterialization(
            self._context.asset_key,
            partition=month,
            metadata=rounded({**describe(record), **metadata}),
            tags=version_tags(record.version, record.made_by, inputs, self._made_by_events(month)),
        )

    @cached_property
    def _events(self) -> dict[dg.AssetKey, dict[str, int]]:
        """Storage id of the newest event of each month of each asset that it is made from."""
        storage = self._context.instance.event_log_storage
        keys, kind = map(self._key, self._inputs), dg.DagsterEventType.ASSET_MATERIALIZATION
        return {key: dict(storage.get_latest_storage_id_by_partition(key, kind)) for key in keys}

    def _made_by_events(self, month: str) -> dict[dg.AssetKey, int]:
        return {key: events[month] for key, events in self._events.items() if month in events}


def never_kept(_record: Record) -> bool:
    """For what is made from the outside world: it is looked at again each time."""
    return False


def each(months: Iterable[str], make: Callable[[str], Made]) -> Iterator[Result]:
    """The results of months that are made one by one."""
    for month in months:
        try:
            yield month, make(month)
        except MacroCycleError as error:
            yield month, error
