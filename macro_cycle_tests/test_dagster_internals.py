"""What the platform takes from Dagster's private API does what it takes it for; a failure here names what broke."""

import dagster as dg

from macro_cycle import dagster_internals as internals

KEY, UPSTREAM = dg.AssetKey("downstream"), dg.AssetKey("upstream")
MONTHS = dg.StaticPartitionsDefinition(["a", "b"])


def test_version_tags_are_what_dagster_reads_as_version_and_provenance():
    from dagster._core.definitions.data_version import DataProvenance, extract_data_version_from_entry

    tags = internals.version_tags("content", "code", {UPSTREAM: "input"}, {UPSTREAM: 7})
    provenance = DataProvenance.from_tags(tags)
    assert provenance.code_version == "code"
    assert provenance.input_data_versions == {UPSTREAM: dg.DataVersion("input")}
    assert provenance.input_storage_ids == {UPSTREAM: 7}
    with dg.DagsterInstance.ephemeral() as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization(KEY, tags=tags))
        entry = instance.fetch_materializations(KEY, limit=1).records[0].event_log_entry
    assert extract_data_version_from_entry(entry) == dg.DataVersion("content")


def test_a_range_reports_its_own_events_and_dagster_adds_none():
    @dg.asset(partitions_def=MONTHS, backfill_policy=dg.BackfillPolicy.single_run())
    def downstream(context: dg.AssetExecutionContext):
        tags = {month: internals.version_tags(f"of {month}", "1", {}, {}) for month in ("a", "b")}
        events = [dg.AssetMaterialization(KEY, partition=month, tags=tags[month]) for month in ("a", "b")]
        internals.store_batch(context, events)
        with internals.own_events(context):
            yield dg.MaterializeResult()

    tags = {"dagster/asset_partition_range_start": "a", "dagster/asset_partition_range_end": "b"}
    with dg.DagsterInstance.ephemeral() as instance:
        job = dg.Definitions([downstream]).get_implicit_global_asset_job_def()
        assert job.execute_in_process(instance=instance, tags=tags).success
        records = instance.fetch_materializations(KEY, limit=10, ascending=True).records
    versions = [(r.partition_key, r.asset_materialization.tags["dagster/data_version"]) for r in records]
    assert versions == [("a", "of a"), ("b", "of b")]


def test_what_is_only_named_still_has_the_members_that_are_used():
    assert "SKIPPED" in internals.TickStatus.__members__
    assert "cursor" in internals.SensorInstigatorData._fields
    assert callable(internals.event_list_hook)
    assert internals.ConfigurableClassData.__name__ == "ConfigurableClassData"
    assert hasattr(internals.InstigatorTick, "timestamp")


def test_the_switch_that_stops_nothing_is_shown_as_on():
    from dagster._daemon.asset_daemon import get_auto_materialize_paused

    with dg.DagsterInstance.ephemeral() as instance:
        assert instance.auto_materialize_use_sensors, "what evaluates conditions is the sensors"
        assert get_auto_materialize_paused(instance)
        internals.say_that_conditions_are_evaluated(instance)
        assert not get_auto_materialize_paused(instance)
