"""JSON of strangers: read only after a look at its bytes has shown that what comes of it is small."""

from typing import Any

import orjson

from macro_cycle.serving.errors import Malformed, TooLarge
from macro_cycle.serving.questions import Limits

SPARE = 256  # lists, objects and values that are no part of a window


def read_json(body: bytes | memoryview, limits: Limits, width: int) -> Any:
    """The document in `body`, for windows of `width` features.

    Each list and object costs some sixty bytes of memory however short it is, so their number is bounded by the rows
    that may be sent, and the number of values by the cells. NaN, infinities and numbers without end are no JSON.

    Raises:
        Malformed: it is not JSON, or nested deeper than any request.
        TooLarge: it holds more lists, objects or values than a request may.
    """
    content = bytes(body)
    most = limits.total_rows + 4 * limits.instances + SPARE
    if _holds_more(content, b"[{", most):
        raise TooLarge(f"the body holds too many lists and objects; send at most {limits.total_rows} rows")
    if _holds_more(content, b",", most + limits.total_rows * width):
        raise TooLarge(f"the body holds too many values; send at most {limits.total_rows} rows of {width}")
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"the body is not JSON: {error}") from None
    except RecursionError:
        raise Malformed("the body is nested too deeply") from None


def _holds_more(content: bytes, characters: bytes, than: int) -> bool:
    """Whether more than so many of the characters are in the content, counted only where they could be."""
    return len(content) > than and sum(content.count(character) for character in characters) > than
