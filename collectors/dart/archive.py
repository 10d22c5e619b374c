"""DART's zips: opened only within bounds, for what comes from outside may unpack to anything."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from zlib import error as ZlibError

from collectors.dart.client import SOURCE
from collectors.errors import SourceError

MOST_FILES = 200
MOST_UNPACKED = 256 * 2**20


@contextmanager
def opened(data: bytes, what: str) -> Iterator[zipfile.ZipFile]:
    """The zip of an answer; SourceError when it is damaged (also while it is read) or of unreasonable size."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = archive.infolist()
            if not files or len(files) > MOST_FILES or sum(file.file_size for file in files) > MOST_UNPACKED:
                raise SourceError(f"{what}: a zip of {len(files)} files, too many or too large", source=SOURCE)
            yield archive
    except (zipfile.BadZipFile, ZlibError, EOFError, NotImplementedError, RuntimeError) as exc:
        text = f"{what}: the zip is damaged ({type(exc).__name__}); nothing of it was stored"
        raise SourceError(text, source=SOURCE) from exc
