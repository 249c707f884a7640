"""The rows of *Model Monitoring* that are not about the model: how old everything is, and how the platform does."""

import metrics as m
from panels import AMBER, GREEN, RED, THIRD, bars, lines, measured, number, thresholds

DAY = 86400.0


def freshness() -> list:
    """Ages by cycle, and what waits."""
    days = thresholds((None, GREEN), (40 * DAY, AMBER), (75 * DAY, RED))
    fetched = thresholds((None, GREEN), (DAY, AMBER), (26 * 3600, RED))
    wanted = thresholds((None, GREEN), (1, AMBER))
    return [
        number("Fetch", "Since the source was last fetched.", _by_cycle(m.FETCH_AGE), "s", steps=fetched),
        number("Data", "Since the newest value of any series was published.", _by_cycle(m.DATA_AGE), "s", steps=days),
        number("Answer", "Since the newest answer was recorded.", _by_cycle(m.ANSWER_AGE), "s", steps=days),
        number("Newest month", "Since the end of the month that the answer is about.", _by_cycle(m.MONTH_AGE), "s"),
        number("In service", "Since what serves was taken into service.", _by_cycle(m.SERVED_AGE), "s"),
        number("Declaration", "Since the phase that stands was declared.", _by_cycle(m.DECLARED_AGE), "s"),
        number(
            "Serves the answer",
            "1 while the model of the newest answer is the one that serves; 0 while a decision is wanted or refused.",
            _by_cycle(m.SERVED_MATCHES),
            steps=thresholds((None, AMBER), (1, GREEN)),
        ),
        number("Decision pending", "1 while a person is to decide on a model.", _by_cycle(m.PENDING), steps=wanted),
        bars("Series", "Since the newest value of each was published.", _by(m.SERIES_AGE, "cycle", "series_id"), "s"),
        lines(
            "Late series",
            "Since each was due, its grace over.",
            measured(f"{m.SERIES_LATE}{{{m.OF_CYCLE}}}", "{{cycle}} {{series_id}}"),
            unit="s",
        ),
        lines(
            "Requests by outcome",
            "Answered, refused and failed requests a second.",
            measured(f"sum by (outcome) (rate({m.REQUESTS}{{{m.OF_MODEL}}}[$__rate_interval]))", "{{outcome}}"),
            unit="reqps",
        ),
        lines(
            "Refused models",
            "1 while the model of the newest answer stands refused.",
            measured(f"{m.REFUSED}{{{m.OF_CYCLE}}}", "{{cycle}}"),
        ),
    ]


def platform() -> list:
    """Services, Dagster, disk and database."""
    return [
        bars("Services", "1 while the service answers.", _of_all(m.SERVICE_UP, "service"), span=THIRD),
        bars("Runs", "In Dagster's storage, by how they ended.", _of_all(m.RUNS, "status"), span=THIRD),
        bars("Daemons", "Since each last beat; 90 are late.", _of_all(m.HEARTBEAT_AGE, "daemon"), "s", span=THIRD),
        lines(
            "Queue",
            "Runs that wait to be launched, and for how long the first of them has.",
            measured(m.QUEUE, "runs"),
            measured(m.QUEUE_AGE, "seconds waited", "B"),
            span=THIRD,
        ),
        lines(
            "Sensors that fail",
            "1 while the last tick of a sensor failed.",
            measured(m.TICK_FAILING, "{{instigator}}"),
            span=THIRD,
        ),
        bars("Ticks", "Since each sensor or schedule last ticked.", _of_all(m.TICK_AGE, "instigator"), "s", span=THIRD),
        bars(
            "Months made",
            "Of each asset.",
            measured(f'{m.PARTITIONS}{{{m.OF_ASSETS}, state="materialized"}}', "{{asset}}", now=True),
            span=THIRD,
        ),
        lines(
            "Months that failed in Dagster",
            "By asset; a month that failed is made again by a range run.",
            measured(f'{m.PARTITIONS}{{{m.OF_ASSETS}, state="failed"}}', "{{asset}}"),
            span=THIRD,
        ),
        lines(
            "Months that could not be made",
            "By asset, as the records have it: a range goes on after them.",
            measured(f"{m.FAILED_MONTHS}{{{m.OF_CYCLE}}}", "{{cycle}}/{{asset}}"),
            span=THIRD,
        ),
        bars("Backfills", "The newest, by how they ended.", _of_all(m.BACKFILLS, "status"), span=THIRD),
        lines(
            "Progress",
            "Share made of what the unfinished runs are to make; nothing while none is in progress.",
            measured(m.PROGRESS, "made"),
            unit="percentunit",
            span=THIRD,
        ),
        bars("Where the exporter can look", "1 while it can.", _of_all(m.COLLECTOR_UP, "collector"), span=THIRD),
        lines(
            "Disk in use",
            "Of the disk that holds the home.",
            measured(f"1 - {m.DISK_FREE} / {m.DISK_SIZE}", "used"),
            unit="percentunit",
        ),
        lines("Database", "Tables and indexes by tenant.", measured(m.DATABASE_SIZE, "{{schema}}"), unit="bytes"),
    ]


def _by_cycle(metric: str) -> object:
    return _by(metric, "cycle")


def _by(metric: str, *labels: str) -> object:
    """The newest value for each combination of labels, the cycle among them."""
    legend = " ".join(f"{{{{{label}}}}}" for label in labels)
    return measured(f"max by ({', '.join(labels)}) ({metric}{{{m.OF_CYCLE}}})", legend, now=True)


def _of_all(metric: str, label: str) -> object:
    return measured(f"max by ({label}) ({metric})", f"{{{{{label}}}}}", now=True)
