"""Telling people: notices to a Slack-compatible webhook, to Alertmanager and by e-mail, each of them once.

What there is to tell is decided elsewhere; here it is folded, sent, and remembered as delivered, channel by channel.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol

import httpx
from pydantic import SecretStr

from macro_cycle.errors import MacroCycleError
from macro_cycle.monitoring.email import send_email
from macro_cycle.monitoring.outbound import Forbidden, post_json
from macro_cycle.platform.settings import NotificationSettings

logging.getLogger("httpx").setLevel(logging.WARNING)  # at INFO it writes every URL, and a webhook's is its password

Kind = Literal[
    "declaration", "regime_change", "refused_promotion", "stale_data", "failed_deployment", "failed_run", "alert"
]
SEVERITIES: dict[Kind, str] = {
    "declaration": "info",
    "regime_change": "info",
    "refused_promotion": "warning",
    "stale_data": "warning",
    "failed_deployment": "critical",
    "failed_run": "critical",
}
ALERT_NAMES: dict[Kind, str] = {kind: f"MacroCycle{kind.title().replace('_', '')}" for kind in SEVERITIES}
STANDS_FOR = timedelta(days=1)
FOLD_ABOVE = 3
REMEMBERED = 500


@dataclass(frozen=True)
class Notice:
    """Something that people should know. Two notices with the same `key` are the same, whenever they are found.

    An alert of a person's own has a severity and a name of its own, may be `resolved`, and stands `since` (ISO, UTC).
    """

    kind: Kind
    key: str
    text: str
    labels: Mapping[str, str] = field(default_factory=dict)
    severity: str = ""
    name: str = ""
    resolved: bool = False
    since: str = ""

    @property
    def level(self) -> str:
        """How serious it is."""
        return self.severity or SEVERITIES[self.kind]

    @property
    def line(self) -> str:
        """What is said of it where there is room for one line."""
        return f"[{'resolved' if self.resolved else self.level}] {self.text}"


class Channel(Protocol):
    """Where notices go; `name` is what logs call it, since its address may be a secret.

    steady: whether it shows what stands, and so is told again of what still does.
    """

    name: str
    steady: bool

    def send(self, notices: Sequence[Notice]) -> None:
        """Deliver all of them or none.

        Raises:
            NotDelivered: the other side does not answer or refuses.
        """
        ...


class NotDelivered(Exception):
    """A channel did not take what was sent; its address is not named."""


class Webhook:
    """One message for each notice, as Slack's incoming webhooks and those that imitate them take it."""

    name, steady = "webhook", False

    def __init__(self, url: SecretStr) -> None:
        self._url = url

    def send(self, notices: Sequence[Notice]) -> None:
        """Post one message that holds a line for each notice."""
        text = "\n".join(notice.line for notice in notices)
        _post(self.name, self._url.get_secret_value(), {"text": text})


class Alertmanager:
    """One alert for each notice, through `/api/v2/alerts`; it stands for a day and is repeated by nobody."""

    name, steady = "alertmanager", True

    def __init__(self, url: SecretStr) -> None:
        self._url = url

    def send(self, notices: Sequence[Notice]) -> None:
        """Post all alerts at once."""
        now = datetime.now(UTC)
        alerts = [
            {
                "labels": {
                    "alertname": notice.name or ALERT_NAMES[notice.kind],
                    "severity": notice.level,
                    "notice": notice.key,
                    **notice.labels,
                },
                "annotations": {"summary": notice.text},
                "startsAt": notice.since or now.isoformat(),
                "endsAt": (now if notice.resolved else now + STANDS_FOR).isoformat(),
            }
            for notice in notices
        ]
        _post(self.name, f"{self._url.get_secret_value().rstrip('/')}/api/v2/alerts", alerts)


class Email:
    """One message that holds a line for each notice, through the mail server of the settings."""

    name, steady = "email", False

    def __init__(self, settings: NotificationSettings) -> None:
        self._settings = settings

    def send(self, notices: Sequence[Notice]) -> None:
        """Send one message; its subject is the first notice's line."""
        more = f" (and {len(notices) - 1} more)" if len(notices) > 1 else ""
        try:
            send_email(self._settings, f"{notices[0].line}{more}", "\n".join(notice.line for notice in notices))
        except Forbidden:
            raise NotDelivered(f"{self.name}: its server is at an address that is not written to; check it") from None
        except (MacroCycleError, OSError) as error:  # smtplib's errors are OSErrors
            said = str(error) if isinstance(error, MacroCycleError) else type(error).__name__
            raise NotDelivered(f"{self.name}: {said}; check the mail server's settings") from None


def channels(settings: NotificationSettings) -> list[Channel]:
    """The channels that are set up."""
    found: list[Channel] = []
    if settings.webhook_url is not None:
        found.append(Webhook(settings.webhook_url))
    if settings.alertmanager_url is not None:
        found.append(Alertmanager(settings.alertmanager_url))
    if settings.smtp_host is not None:
        found.append(Email(settings))
    return found


@dataclass(frozen=True)
class Delivered:
    """Keys of the notices that each channel has taken, newest last; kept as the sensor's cursor."""

    by_channel: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Delivered":
        """What `document` kept."""
        return cls({name: tuple(keys) for name, keys in document.get("by_channel", {}).items()})

    def to_document(self) -> dict[str, Any]:
        """What to keep."""
        return asdict(self)

    def with_keys(self, channel: str, keys: Sequence[str]) -> "Delivered":
        """With these keys taken by a channel; the oldest beyond `REMEMBERED` are forgotten."""
        taken = (*self.by_channel.get(channel, ()), *keys)[-REMEMBERED:]
        return Delivered({**self.by_channel, channel: taken})


def deliver(notices: Sequence[Notice], delivered: Delivered, outlets: Sequence[Channel]) -> tuple[Delivered, list[str]]:
    """Send what a channel has not taken yet; what was taken by now, and a line for each channel that failed.

    What a channel did not take is sent to it again at the next call, and to no other channel.
    """
    failures = []
    for channel in outlets:
        known = set(delivered.by_channel.get(channel.name, ()))
        new = {notice.key: notice for notice in notices if notice.key not in known}
        if not new:
            continue
        try:
            channel.send(fold(list(new.values())))
            delivered = delivered.with_keys(channel.name, list(new))
        except NotDelivered as error:
            failures.append(str(error))
    return delivered, failures


def fold(notices: Sequence[Notice]) -> list[Notice]:
    """The notices, those of a kind that came more than `FOLD_ABOVE` at a time as one."""
    by_kind: dict[Kind, list[Notice]] = {}
    for notice in notices:
        by_kind.setdefault(notice.kind, []).append(notice)
    folded = []
    for kind, same in by_kind.items():
        first, more = same[0], len(same) - 1
        text = f"{first.text} (and {more} more of this kind at the same time)"
        folded += [Notice(kind, first.key, text, first.labels)] if more >= FOLD_ABOVE else same
    return folded


def _post(channel: str, url: str, body: Any) -> None:
    try:
        response = post_json(url, body)
    except Forbidden:
        raise NotDelivered(f"{channel}: its address leads to a place that is not posted to; check it") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise NotDelivered(f"{channel}: {type(error).__name__}; check its address in the settings") from None
    if not response.is_success:
        raise NotDelivered(f"{channel}: HTTP {response.status_code}; check its address in the settings")
