"""What a client is told when a request is not answered, and what each case is called in the metrics."""

import reprlib
from typing import Any

from macro_cycle.errors import MacroCycleError
from macro_cycle.monitoring.metrics import Outcome

LONGEST = 400


class Refused(MacroCycleError):
    """The request is not answered; the message, one bounded line, says why and what to do."""

    status = 400
    outcome: Outcome = "invalid"

    def __init__(self, message: str) -> None:
        line = " ".join(message.split())
        super().__init__(line if len(line) <= LONGEST else line[: LONGEST - 3] + "...")


class Malformed(Refused):
    """The body is not what the protocol says."""

    outcome = "malformed"


class BadRequest(Refused):
    """An instance, a tensor or a value that no answer can be given for."""


class TooLarge(Refused):
    """More of something than is taken."""

    status, outcome = 413, "too_large"


class UnknownModel(Refused):
    """A model, version or address that is not here."""

    status, outcome = 404, "unknown_model"


class NotAllowed(Refused):
    """A management call, or a question to a candidate, without the token."""

    status, outcome = 403, "not_allowed"


class Unavailable(Refused):
    """Nothing serves yet, or what the answer needs does not answer."""

    status, outcome = 503, "not_ready"


class Overloaded(Refused):
    """Too many requests at a time, or no answer in time."""

    status, outcome = 503, "overloaded"


class TooSlow(Refused):
    """The body did not come in time."""

    status, outcome = 408, "overloaded"


def short(value: Any) -> str:
    """A value as it may be named in a message: its own text, cut where it is long or deep."""
    return reprlib.repr(value)
