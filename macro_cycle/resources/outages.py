"""A database that goes away under a step: the step is made again, once the database may be back.

What the step had kept stays, and is not made again. What is wrong with the data is no outage, and fails at once.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from traceback import clear_frames
from typing import Any, TypeVar

import dagster as dg

from macro_cycle.errors import OutageError
from macro_cycle.warehouse.warehouse import GONE

TIMES = 6
AFTER_SECONDS = 10

Compute = TypeVar("Compute", bound=Callable[..., Any])


def made_again_after_an_outage(compute: Compute) -> Compute:
    """A function of a step, or a generator, of which an outage has Dagster run the step again: six times in a minute.

    Raises:
        dagster.RetryRequested: the database went away, for our stores, Dagster's events or MLflow.
    """
    if inspect.isgeneratorfunction(compute):

        @wraps(compute)
        def generated(*arguments: Any, **named: Any) -> Iterator[Any]:
            with _outages_retried():
                yield from compute(*arguments, **named)

        return generated  # type: ignore[return-value]

    @wraps(compute)
    def computed(*arguments: Any, **named: Any) -> Any:
        with _outages_retried():
            return compute(*arguments, **named)

    return computed  # type: ignore[return-value]


def signs() -> tuple[type[Exception], ...]:
    """The errors by which our own stores, or Dagster's, say that the database is away."""
    from dagster_postgres.utils import DagsterPostgresException

    return OutageError, DagsterPostgresException, *GONE


@contextmanager
def _outages_retried() -> Iterator[None]:
    try:
        yield
    except signs() as error:
        clear_frames(error.__traceback__)  # a generator in its midst may hold a lock, which the next try needs
        raise dg.RetryRequested(max_retries=TIMES, seconds_to_wait=AFTER_SECONDS) from error
