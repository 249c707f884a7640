"""Tasks on a Dask cluster: the engine of comparisons that are too much for one machine.

The cluster is the user's: a scheduler, and workers in whose environments this package is installed. Dask sends code,
so whoever can reach a scheduler can run programs on its workers; beyond one machine use its TLS (an address tls://).
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from macro_cycle.errors import MacroCycleError

if TYPE_CHECKING:
    from distributed import Client

    from macro_cycle.evaluation.comparison import Ground, Task, Variant
    from macro_cycle.evaluation.track_record import Figures

ANSWER_SECONDS = 15
EXTRA = "pip install 'macro-cycle[dask]'"


class DaskEngine:
    """Runs each variant's task on a worker of the scheduler at `address`; one that dies is done by another."""

    def __init__(self, address: str) -> None:
        self._address = address

    def __call__(self, task: "Task", variants: "Sequence[Variant]", ground: "Ground") -> "Iterator[Figures]":
        """The figures of each variant, in order.

        Raises:
            MacroCycleError: no scheduler answers, it has no worker, a worker has another version of this package, or a
                task fails, as it would here.
        """
        with self._client() as client:
            _refuse_other_versions(client, self._address)
            shared = client.scatter(ground, broadcast=True, hash=False)
            futures = [client.submit(task, variant, shared, pure=False, retries=2) for variant in variants]
            for variant, future in zip(variants, futures, strict=True):
                yield _result(variant, future)

    def _client(self) -> "Client":
        try:
            from distributed import Client
        except ImportError:
            raise MacroCycleError(f"Dask is not installed here; {EXTRA}") from None
        try:
            return Client(self._address, timeout=ANSWER_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise MacroCycleError(
                f"no Dask scheduler answers at {self._address} ({reason}); start one with `dask scheduler` and workers "
                "with `dask worker`, or unset MACRO_CYCLE_DASK_ADDRESS"
            ) from None


def installed_version() -> str:
    """The version of this package, asked of a worker."""
    from importlib.metadata import version

    return version("macro-cycle")


def _refuse_other_versions(client: "Client", address: str) -> None:
    here, there = installed_version(), client.run(installed_version)
    if not there:
        raise MacroCycleError(f"the Dask scheduler at {address} has no worker; start one with `dask worker {address}`")
    for worker, version in there.items():
        if version != here:
            raise MacroCycleError(f"the Dask worker {worker} has macro-cycle {version}; install {here}, as here")


def _result(variant: "Variant", future: object) -> "Figures":
    try:
        return future.result()  # type: ignore[attr-defined]
    except MacroCycleError:
        raise
    except Exception as error:  # whatever a worker's death is called
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise MacroCycleError(f"{variant.name}: the Dask cluster gave no result: {reason}") from error
