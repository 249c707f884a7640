"""The release sensor requests the open month on the days of releases, and nothing from a source that is silent."""

import dagster as dg
import pytest

from macro_cycle.automation.jobs import jobs
from macro_cycle.automation.sensors import releases
from macro_cycle.resources.platform import Platform


@pytest.fixture
def day(platform, tmp_path, monkeypatch):
    """Sets the day on which the platform acts."""
    file = tmp_path / "today"
    monkeypatch.setenv("MACRO_CYCLE_TODAY_FILE", str(file))
    return file.write_text


def tick(cursor: str | None) -> dg.SensorResult | dg.SkipReason:
    with dg.build_sensor_context(cursor=cursor) as context:
        return releases(Platform.from_environment(), jobs("us", Platform.from_environment().series_keys)["fetch"])(
            context
        )


def test_the_sensor_requests_the_open_month_on_the_day_of_a_release(day):
    cursor, requests = None, []
    for number in range(1, 11):
        day(f"2008-09-{number:02}")
        for _ in range(2):
            result = tick(cursor)
            cursor = result.cursor
            requests += [(number, request) for request in result.run_requests or []]
    assert [number for number, _ in requests] == [1, 5, 6]  # the first look, then claims and the employment report
    assert {request.partition_key for _, request in requests} == {"2008-09-01"}


def test_a_source_that_does_not_answer_is_skipped_with_its_reason(day):
    day("nonsense")
    result = tick(None)
    assert isinstance(result, dg.SkipReason)
    assert "does not hold a day" in result.skip_message
