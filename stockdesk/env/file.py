"""Reads a ``.env`` with django-environ, and notices the lines that it would drop without a word."""

import io
import re
from pathlib import Path

import environ

_LINE = re.compile(r"(?:export )?([A-Za-z_0-9]+)=(.*)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")


class UnreadableFile(Exception):
    """The file cannot be read as text; the message says what to do."""


class _Values(environ.Env):
    """django-environ on a dictionary of our own: secrets of the file do not travel on to child processes."""

    ENVIRON: dict[str, str] = {}


def read_file(path: Path) -> tuple[dict[str, str], list[str]]:
    """The values by name, each letter by letter, and what is wrong with the file (names and line numbers only)."""
    try:
        # A byte order mark, as Windows editors put in front, would hide the first line.
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as exc:
        raise UnreadableFile(f"{path}: {exc.strerror}") from None
    except UnicodeDecodeError:
        raise UnreadableFile(f"{path} is not UTF-8 (CP949?): save it as UTF-8") from None
    good: list[str] = []
    raw: dict[str, str] = {}
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if (match := _LINE.fullmatch(line)) is None:
            problems.append(_dropped(number, line))
            continue
        name, value = match.groups()
        if name in raw and raw[name] != value:
            problems.append(f"{name}: given twice with different values, again in line {number}; keep one")
        raw[name] = value
        good.append(line)
    values: dict[str, str] = {}
    _Values.ENVIRON = values
    _Values.read_env(io.StringIO("\n".join(good)))
    # django-environ takes off a second pair of quotes inside the first, and backslashes inside double ones.
    values.update({name: _literal(value) for name, value in raw.items() if value[:1] in ("'", '"')})
    return values, problems


def _literal(value: str) -> str:
    """What stands inside one pair of quotes, untouched."""
    return value[1:-1] if len(value) >= 2 and value[0] == value[-1] else value


def _dropped(number: int, line: str) -> str:
    """Says why a line is no setting, by its name at most: the rest of it may be a secret."""
    head = line.partition("=")[0].strip().removeprefix("export ").strip()
    name = f" ({head})" if _NAME.fullmatch(head) and "=" in line else ""
    return f"line {number}{name}: not of the form NAME=value; no blanks around the equals sign or before the name"
