"""Reading files that people bring: compressed or not, as UTF-8, and damaged ones said in one line."""

import bz2
import csv
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from macro_cycle.sources.base import SourceError


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Turn whatever a parser raises on a file that it cannot read into one line that names the file.

    Decompressors and parsers of foreign bytes raise errors of their own kinds and of each other's, all of which mean
    the same to who brought the file.
    """
    try:
        yield
    except SourceError:
        raise
    except UnicodeDecodeError:
        raise SourceError(f"{what} cannot be read: it is not text in UTF-8; save it as such") from None
    except Exception as error:
        said = getattr(error, "strerror", None) or str(error).strip().partition("\n")[0] or type(error).__name__
        said = said.rstrip(".")
        raise SourceError(f"{what} cannot be read: {said}; is it cut short, damaged or of another kind?") from None


def read_text(path: Path) -> str:
    """The text of a file, decompressed as its name says: .gz, .bz2, .xz, .zst, or .zip of one file.

    Raises:
        Whatever the decompressor raises; see `readable`.
    """
    decompress = DECOMPRESS.get(path.suffix.lower())
    content = path.read_bytes()
    if not content:
        raise ValueError("it is empty")
    return (decompress(content) if decompress else content).decode("utf-8").removeprefix("\ufeff")


def lines_of_other_width(text: str) -> list[str]:
    """The lines of a CSV table with more or fewer cells than its header: a file that was cut off ends in one.

    Such a table must not reach pandas, which takes surplus cells for an index and so shifts every column.
    """
    found = list(_quoted_widths(text) if '"' in text else _plain_widths(text))
    width = found[0][1] if found else 0
    return [f"line {number}: {cells} cells instead of {width}" for number, cells in found if cells != width]


def cells_of(line: str) -> list[str]:
    """The cells of one line; an empty line is one empty cell."""
    return next(csv.reader([line]), [""]) or [""]


def _plain_widths(text: str) -> Iterator[tuple[int, int]]:
    """The numbers of the lines that are not blank, and how many cells they have."""
    return ((number, line.count(",") + 1) for number, line in enumerate(text.splitlines(), start=1) if line.strip())


def _quoted_widths(text: str) -> Iterator[tuple[int, int]]:
    """The same of a table with quotes, in which commas and ends of lines may stand."""
    rows = csv.reader(io.StringIO(text, newline=""))
    return ((rows.line_num, len(row)) for row in rows if len(row) > 1 or "".join(row).strip())


def _unzip(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
        if len(names) != 1:
            raise ValueError(f"it holds {len(names)} files; unpack it, and name one")
        return archive.read(names[0])


def _unzstd(content: bytes) -> bytes:
    import pyarrow

    with pyarrow.CompressedInputStream(pyarrow.BufferReader(content), "zstd") as stream:
        return bytes(stream.read())


DECOMPRESS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
    ".zip": _unzip,
    ".zst": _unzstd,
}
