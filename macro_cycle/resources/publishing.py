"""From the records of a cycle to its published record.

Belongs here: what is still to be published, and where. Does not belong here: the file's format (`publication`).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from macro_cycle.errors import MacroCycleError
from macro_cycle.publication import entries, repository, timestamps
from macro_cycle.publication.ledger import Draft, Entry, Ledger, Opened
from macro_cycle.resources.platform import Platform

if TYPE_CHECKING:
    from datetime import datetime

    from macro_cycle.records import Record

LONGEST_RESPONSE = 1_000_000


@dataclass(frozen=True)
class Published:
    """What a publication did: the file, its entries and head, how many are new, and what could not be done."""

    path: Path
    entries: int
    head: str
    added: int
    warnings: tuple[str, ...]


def path_of(platform: Platform) -> Path:
    """The cycle's file in the folder that the settings name."""
    return platform.settings.published_path / f"{platform.cycle}.jsonl"


def publish(platform: Platform) -> Published:
    """Add what was said since the last publication; what was said of months that had ended by then is left out.

    A time stamp or a commit that fails is a warning, and is tried again by the next publication: the entries stand.

    Raises:
        MacroCycleError: the file was altered, so that nothing is added to it, or cannot be written.
    """
    path, warnings = path_of(platform), []
    try:
        with Ledger(path).opened() as opened:
            added = opened.append(_drafts(platform, opened.entries))
            warnings += _stamped(platform, opened)
            head, count = opened.head, len(opened.entries)
    except OSError as error:
        raise MacroCycleError(f"cannot write {error.filename or path}: {error.strerror}") from None
    if platform.settings.publish.git:
        try:
            repository.commit(path, f"{platform.cycle}: published up to entry {count}")
        except MacroCycleError as error:
            warnings.append(str(error))
    return Published(path, count, head, len(added), tuple(warnings))


def _drafts(platform: Platform, published: list[Entry]) -> list[Draft]:
    """What is to be added, in the order in which it was recorded."""
    until = entries.published_until(published)
    found: list[tuple[datetime, str, Record]] = []
    for asset, (kind, record_kind) in entries.KINDS.items():
        recorded = platform.records.recorded_after(asset, record_kind, until.get(kind))
        found += [(moment, asset, record) for moment, record in recorded if entries.is_published(record, moment)]
    found.sort(key=lambda each: each[0])
    begun = [] if published else [entries.begin(platform.cycle)]
    return begun + [entries.draft(asset, record, moment) for moment, asset, record in found]


def _stamped(platform: Platform, opened: Opened) -> list[str]:
    """Have the newest entry stamped, where an authority is set and it has no stamp yet; what went wrong."""
    import httpx

    from macro_cycle.monitoring.outbound import Forbidden, post

    url = platform.settings.publish.timestamp_url
    if url is None or not opened.entries or opened.entries[-1].kind == timestamps.KIND:
        return []
    newest = opened.entries[-1]
    try:
        response = post(url.get_secret_value(), timestamps.request(newest.digest), timestamps.REQUEST_TYPE)
        if not response.is_success or len(response.content) > LONGEST_RESPONSE:
            return [f"entry {newest.number} has no time stamp: the authority answered HTTP {response.status_code}"]
        opened.append([timestamps.draft(newest, response.content, httpx.URL(url.get_secret_value()).host)])
    except Forbidden:
        return [f"entry {newest.number} has no time stamp: the authority's address is one that is not posted to"]
    except MacroCycleError as error:
        return [f"entry {newest.number} has no time stamp: the authority's answer {error}"]
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return [f"entry {newest.number} has no time stamp: {type(error).__name__}; check the authority's address"]
    return []
