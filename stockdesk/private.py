"""Files and folders that are their owner's alone, whatever the umask, and never written through another's link."""

import os
import secrets
from pathlib import Path

FILE, FOLDER = 0o600, 0o700


def make_folder(folder: Path) -> None:
    """Make a folder for us alone; one that is there already stays as it is."""
    folder.mkdir(mode=FOLDER, parents=True, exist_ok=True)


def write(path: Path, content: bytes) -> None:
    """Replace a file whole: nobody else ever sees the new one, and a link in its place is replaced, not followed."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def open_lock(path: Path) -> int:
    """The descriptor of a file to be locked, made where there is none. OSError where it is a link."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, FILE)
