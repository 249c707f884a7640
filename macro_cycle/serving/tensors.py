"""Tensors of V2: what one holds as an array, words or truth values, and answers as tensors."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import prod
from typing import Any

import numpy as np
import orjson

from macro_cycle.serving.errors import BadRequest, Malformed, TooLarge, short
from macro_cycle.serving.questions import NUMBERS, check_cells

FLOATS: dict[str, np.dtype] = {"FP64": np.dtype("<f8"), "FP32": np.dtype("<f4")}
BINARY: dict[str, np.dtype] = FLOATS | {"BOOL": np.dtype("?"), "INT64": np.dtype("<i8")}
LENGTH = struct.Struct("<I")
LONGEST_WORD = 64
NAMES_OF_KEYS = {"probabilities": "labels", "phases": "phase_labels", "forecast": "forecast_months"}


@dataclass(frozen=True)
class Tensor:
    """A tensor as it came: `data` a list (JSON, or the typed contents of gRPC), or `raw` bytes."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    data: list | None = None
    raw: bytes | memoryview | None = None

    def check_type(self, *datatypes: str) -> None:
        """Refuse another datatype."""
        if self.datatype not in datatypes:
            raise BadRequest(f"input {self.name} has the datatype {self.datatype}; send {' or '.join(datatypes)}")

    def numbers(self, observed: np.ndarray | None = None) -> np.ndarray:
        """Floats of the tensor's shape; NaN where the cell is null, or `observed` (of the same shape) says False.

        Raises:
            BadRequest: the data are no numbers, not as many as the shape says, or NaN where something was observed.
        """
        if self.raw is not None:
            values, nulls = self._from_raw(FLOATS[self.datatype]).astype(float), 0
        else:
            cells = self._flat()
            check_cells(cells)
            values, nulls = np.array(cells, dtype=float).reshape(self.shape), cells.count(None)
        if observed is not None:
            values[~observed] = np.nan
            nulls += int(np.count_nonzero(~observed))
        if np.count_nonzero(np.isnan(values)) > nulls:
            raise BadRequest(
                f"input {self.name} holds NaN; for a value that is not known send null in JSON, "
                "or false in the BOOL input observed, of the same shape"
            )
        return values

    def truths(self) -> np.ndarray:
        """Booleans of the tensor's shape."""
        if self.raw is not None:
            values = self._from_raw(np.dtype("u1"))
            if (values > 1).any():
                raise BadRequest(f"input {self.name} holds bytes other than 0 and 1")
            return values.astype(bool)
        cells = self._flat()
        if not set(map(type, cells)) <= {bool}:
            raise BadRequest(f"input {self.name} must hold true and false alone")
        return np.array(cells, dtype=bool).reshape(self.shape)

    def words(self) -> list[str]:
        """The text of each element."""
        elements = self._flat() if self.raw is None else self._split()
        if len(elements) != prod(self.shape):
            raise BadRequest(f"input {self.name} holds {len(elements)} elements instead of {prod(self.shape)}")
        return [self._word(element) for element in elements]

    def _flat(self) -> list:
        """The elements in one list; nested lists must have the tensor's shape."""
        cells, shape = self.data, self.shape
        if type(cells) is not list:
            raise Malformed(f"input {self.name} has no list of data")
        if cells and type(cells[0]) is list:
            cells = self._unnested(cells)
        if len(cells) != prod(shape):
            raise BadRequest(f"input {self.name} holds {len(cells)} values; its shape {list(shape)} says {prod(shape)}")
        return cells

    def _unnested(self, cells: list) -> list:
        for size in self.shape[1:]:
            if set(map(type, cells)) != {list} or set(map(len, cells)) != {size}:
                raise BadRequest(f"the data of input {self.name} are not nested as its shape {list(self.shape)} says")
            cells = list(chain.from_iterable(cells))
        return cells

    def _from_raw(self, kind: np.dtype) -> np.ndarray:
        assert self.raw is not None
        if len(self.raw) != prod(self.shape) * kind.itemsize:
            raise BadRequest(
                f"input {self.name} has {len(self.raw)} bytes; {self.datatype} of shape {list(self.shape)} "
                f"has {prod(self.shape) * kind.itemsize}"
            )
        return np.frombuffer(self.raw, kind).reshape(self.shape)

    def _split(self) -> list[bytes]:
        """The elements of a BYTES tensor, each after its length."""
        raw, at, elements = bytes(self.raw or b""), 0, []
        while at < len(raw):
            if at + LENGTH.size > len(raw):
                raise BadRequest(f"input {self.name} ends within a length")
            (size,) = LENGTH.unpack_from(raw, at)
            at += LENGTH.size + size
            if at > len(raw):
                raise BadRequest(f"input {self.name} ends within an element of {size} bytes")
            elements.append(raw[at - size : at])
        return elements

    def _word(self, element: Any) -> str:
        if not isinstance(element, str | bytes):
            raise BadRequest(f"input {self.name} holds {short(element)}; only text is taken")
        if len(element) > LONGEST_WORD:
            raise TooLarge(f"input {self.name} holds a text of {len(element)} characters")
        try:
            return element.decode() if isinstance(element, bytes) else element
        except UnicodeDecodeError:
            raise BadRequest(f"input {self.name} holds text that is not UTF-8") from None


def read_shape(name: str, shape: Any) -> tuple[int, ...]:
    """A tensor's shape: up to three sizes of one or more.

    Raises:
        BadRequest: it is no such list; a size of -1 stands for any size in metadata alone.
    """
    if type(shape) is not list or not 1 <= len(shape) <= 3 or any(type(n) is not int or n < 1 for n in shape):
        raise BadRequest(f"input {name} has the shape {short(shape)}; send one to three sizes, each at least 1")
    return tuple(shape)


@dataclass(frozen=True)
class Output:
    """A tensor of an answer; `data` flat, None where a row has no such value."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    data: list

    def binary(self) -> bytes:
        """The data as the binary extension has them; an unknown number is NaN, an unknown text empty."""
        if self.datatype == "BYTES":
            encoded = ["" if word is None else word for word in self.data]
            return b"".join(LENGTH.pack(len(word)) + word for word in (text.encode() for text in encoded))
        return np.array(self.data, BINARY[self.datatype]).tobytes()


def outputs_of(answers: Sequence[Mapping[str, Any]]) -> list[Output]:
    """Answers as tensors with a row for each; what no answer holds is left out.

    A mapping becomes a tensor of its values and one of its keys, which all rows must share.

    Raises:
        BadRequest: the answers have different keys in a mapping, and cannot stand in one tensor.
    """
    outputs: list[Output] = []
    for name in dict.fromkeys(chain.from_iterable(answers)):
        column = [answer.get(name) for answer in answers]
        first = next((value for value in column if value is not None), None)
        if first is not None:
            outputs.extend(_tensors(name, column, first))
    return outputs


def _tensors(name: str, column: list, first: Any) -> list[Output]:
    rows = len(column)
    if isinstance(first, Mapping) and first and set(map(type, first.values())) <= NUMBERS:
        keys = list(first)
        if any(value is not None and list(value) != keys for value in column):
            raise BadRequest(f"the answers differ in their {name}; ask for them one at a time")
        cells = [cell for value in column for cell in (value.values() if value else [None] * len(keys))]
        kind = "INT64" if name in NAMES_OF_KEYS and all(key.isdigit() for key in keys) else "BYTES"
        names = [int(key) for key in keys] if kind == "INT64" else keys
        return [
            Output(name, "FP64", (rows, len(keys)), cells),
            Output(NAMES_OF_KEYS.get(name, f"{name}_keys"), kind, (len(keys),), names),
        ]
    if isinstance(first, list) and first and set(map(type, first)) <= NUMBERS:
        width = len(first)
        if all(value is None or (len(value) == width and set(map(type, value)) <= NUMBERS) for value in column):
            cells = [cell for value in column for cell in (value or [None] * width)]
            return [Output(name, "FP64", (rows, width), cells)]
    return [_column(name, column, first)]


def _column(name: str, column: list, first: Any) -> Output:
    kinds = {type(value) for value in column if value is not None}
    whole = None not in column
    if kinds == {bool} and whole:
        return Output(name, "BOOL", (len(column),), column)
    if kinds == {int} and whole:
        return Output(name, "INT64", (len(column),), column)
    if kinds <= NUMBERS:
        return Output(name, "FP64", (len(column),), [None if value is None else float(value) for value in column])
    words = [value if value is None or type(value) is str else orjson.dumps(value).decode() for value in column]
    return Output(name, "BYTES", (len(column),), ["" if word is None else word for word in words])
