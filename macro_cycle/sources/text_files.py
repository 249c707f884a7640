"""Reading files that people bring: compressed or not, as UTF-8, and damaged ones said in one line."""

import bz2
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
