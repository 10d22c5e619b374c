"""Which stockdesk this is, for state rows and the foot of the page."""

from functools import cache
from pathlib import Path

VERSION = "0.1.0"


@cache
def version() -> str:
    """The version and, in a git clone, the commit that this process started from: ``0.1.0+7e679e1``."""
    commit = _commit(Path(__file__).resolve().parent.parent / ".git")
    return f"{VERSION}+{commit}" if commit else VERSION


def _commit(git: Path) -> str:
    """The first seven characters of HEAD, read from the files: a daemon needs no git program."""
    try:
        head = (git / "HEAD").read_text().strip()
        if head.startswith("ref: "):
            head = (git / head.removeprefix("ref: ")).read_text().strip()
    except OSError:
        return ""
    return head[:7]
