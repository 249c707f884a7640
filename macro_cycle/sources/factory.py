"""The source that the settings name, or that a file is."""

import threading
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Literal, TypeVar

from macro_cycle.errors import MacroCycleError
from macro_cycle.observations import Catalog
from macro_cycle.platform.clock import Clock
from macro_cycle.platform.settings import DataSettings, Settings
from macro_cycle.sources.base import Progress, Source, SourceError, no_progress
from macro_cycle.sources.past import SeenOn
from macro_cycle.sources.vintages import KnownFacts, nothing_known

if TYPE_CHECKING:
    from macro_cycle.sources.fred_client import Patience

FileKind = Literal["fred_md", "alfred"]


def open_source(
    settings: Settings,
    catalog: Catalog,
    clock: Clock,
    progress: Progress = no_progress,
    known: KnownFacts = nothing_known,
    patience: "Patience | None" = None,
) -> Source:
    """The source of `settings.data.source`; `progress` is told how far a long reading has come.

    `known` answers what facts of some series a store has already, for sources whose vintages may come in any order;
    `patience` says how long a source on the network is waited for. In a rehearsal it is the source as it stood on the
    rehearsed day.

    Raises:
        SourceError: its path or key is missing.
    """
    source = _named(settings, catalog, progress, known, patience)
    return SeenOn(source, clock.now()) if clock.rehearsed else source


Answered = TypeVar("Answered")


def answer_within(seconds: float, ask: Callable[[], Answered]) -> Answered:
    """What `ask` returns, for who cannot wait for a silent source; it is left to its own time-outs.

    Raises:
        SourceError: it has not answered in time, or what it raised.
    """
    answers: SimpleQueue[Answered | MacroCycleError] = SimpleQueue()

    def answering() -> None:
        try:
            answers.put(ask())
        except MacroCycleError as error:
            answers.put(error)
        except Exception as error:  # whoever waits must hear of it
            answers.put(SourceError(f"{type(error).__name__}: {error}"))

    threading.Thread(target=answering, daemon=True, name="answering").start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty:
        raise SourceError(f"no answer within {seconds:g} s; it is asked again at the next look") from None
    if isinstance(answer, MacroCycleError):
        raise answer
    return answer


def _named(
    settings: Settings, catalog: Catalog, progress: Progress, known: KnownFacts, patience: "Patience | None"
) -> Source:
    data = settings.data
    if data.source == "sample":
        from macro_cycle.sources.sample import Sample

        return Sample(catalog, data.source_path)
    if data.source == "fred_api":
        return _fred_api(data, catalog, progress, patience)
    if data.source_path is None:
        raise SourceError(f"the source {data.source} needs a place; set MACRO_CYCLE_SOURCE_PATH to it")
    if data.source == "fred_postgres":
        from macro_cycle.sources.fred_postgres import FredPostgres

        return FredPostgres(data.source_path, data.source_schema, catalog)
    return open_file(data.source_path, catalog, "fred_md" if data.source == "fred_md" else "alfred", progress, known)


def _fred_api(data: DataSettings, catalog: Catalog, progress: Progress, patience: "Patience | None") -> Source:
    from macro_cycle.sources.fred_api import FredApi
    from macro_cycle.sources.fred_client import FredClient, Patience

    if data.fred_api_key is None:
        raise SourceError("the source fred_api needs a key of your own; set MACRO_CYCLE_FRED_API_KEY")
    return FredApi(
        FredClient(data.fred_api_key, data.fred_base_url, patience=patience or Patience()), catalog, progress
    )


def open_file(
    path: str | Path,
    catalog: Catalog,
    kind: FileKind | None = None,
    progress: Progress = no_progress,
    known: KnownFacts = nothing_known,
) -> Source:
    """The source that a folder or file is; `kind` None: as its names and columns say. See `open_source`.

    Raises:
        SourceError: it does not exist, or it is neither FRED-MD nor in ALFRED's layout.
    """
    path = Path(path)
    if not path.exists():
        raise SourceError(f"{path} does not exist; name a folder of FRED-MD vintages or a file in ALFRED's layout")
    if (kind or _kind_of(path)) == "fred_md":
        from macro_cycle.sources.fred_md import FredMd

        return FredMd(path, catalog, progress, known)
    from macro_cycle.sources.alfred_file import AlfredFile

    return AlfredFile(path, catalog)


def _kind_of(path: Path) -> FileKind:
    from macro_cycle.sources.alfred_file import is_alfred_layout
    from macro_cycle.sources.fred_md import NAME

    if path.is_dir() or NAME.fullmatch(path.name):
        return "fred_md"
    if is_alfred_layout(path):
        return "alfred"
    raise SourceError(
        f"{path} is neither a FRED-MD vintage (its name is no YYYY-MM.csv) nor a file in ALFRED's layout (it has no "
        "column realtime_start); rename it, or say --kind"
    )
