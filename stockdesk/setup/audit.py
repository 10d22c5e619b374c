"""``./desk audit``: are there known holes in the libraries of requirements.lock? Asks pypi.org, so no test does."""

import json
import re
import subprocess
import sys
from collections.abc import Set as AbstractSet
from typing import Any

from stockdesk.setup.places import ROOT

#: Exit codes: nothing known, something known, nobody answered (not for all of them, or not at all).
CLEAN, HOLES, UNKNOWN = 0, 1, 2
MOST_NAMED = 5
#: pip-audit's own: 0 where it found nothing, 1 where it found something or failed.
ITS_CODES = (0, 1)


def audit(arguments: list[str]) -> int:
    """Tell the holes that are known, by library and version; what could not be asked is no good news."""
    command = [sys.executable, "-m", "pip_audit", "--strict", "--disable-pip", "--require-hashes",
               "--progress-spinner", "off", "--format", "json", "-r", "requirements.lock", *arguments]  # fmt: skip
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return told(ran.stdout, ran.stderr, ran.returncode, pinned((ROOT / "requirements.lock").read_text()))


def pinned(lock: str) -> set[str]:
    """The names of a lock file, as PyPI normalises them."""
    return {normal(name) for name in re.findall(r"(?m)^([0-9A-Za-z][0-9A-Za-z._-]*)(?:\[[^]]*\])?==", lock)}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def told(found: str, said: str, code: int, wanted: AbstractSet[str]) -> int:
    """Print what pip-audit found (its JSON) and give the exit code; ``said`` is why it found nothing out.

    An answer that lacks one of the libraries ``wanted`` is none: an error is never an empty result.
    """
    try:
        asked: list[dict[str, Any]] = [one for one in json.loads(found)["dependencies"] if "vulns" in one]
        holes = [(library, hole) for library in asked for hole in library["vulns"]]
        lines = [told_of(library, hole) for library, hole in holes]
    except (ValueError, KeyError, TypeError):
        return not_audited((said.strip().splitlines() or ["pip-audit said nothing"])[-1])
    for line in lines:
        print(line)
    if missing := sorted(wanted - {normal(library["name"]) for library in asked}):
        rest = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        return not_audited(f"no answer about {', '.join(missing[:MOST_NAMED])}{rest}")
    if code not in ITS_CODES or bool(code) != bool(holes):
        return not_audited(f"pip-audit ended with {code} and {len(holes)} known holes")
    print(f"{len(asked)} libraries, {len(holes)} known holes")
    return HOLES if holes else CLEAN


def told_of(library: dict[str, Any], hole: dict[str, Any]) -> str:
    mended = ", ".join(hole["fix_versions"]) or "no version yet"
    return f"{library['name']} {library['version']}: {hole['id']}, mended in {mended}"


def not_audited(why: str) -> int:
    print(
        f"NOT AUDITED: pypi.org's list of vulnerabilities was not asked, or not about all.\n  {why}", file=sys.stderr
    )
    return UNKNOWN
