"""``./desk audit``: are there known holes in the libraries of requirements.lock? Asks pypi.org, so no test does."""

import json
import subprocess
import sys

from stockdesk.setup.places import ROOT

#: Exit codes: nothing known, something known, nobody answered.
CLEAN, HOLES, UNKNOWN = 0, 1, 2


def audit(arguments: list[str]) -> int:
    """Tell the holes that are known, by library and version; what could not be asked is no good news."""
    command = [sys.executable, "-m", "pip_audit", "--strict", "--disable-pip", "--require-hashes",
               "--progress-spinner", "off", "--format", "json", "-r", "requirements.lock", *arguments]  # fmt: skip
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return told(ran.stdout, ran.stderr)


def told(found: str, said: str) -> int:
    """Print what pip-audit found (its JSON) and give the exit code; ``said`` is why it found nothing out."""
    try:
        libraries = json.loads(found)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = (said.strip().splitlines() or ["pip-audit said nothing"])[-1]
        print(f"NOT AUDITED: pypi.org's list of vulnerabilities cannot be asked from here.\n  {last}", file=sys.stderr)
        return UNKNOWN
    holes = [(library, hole) for library in libraries for hole in library["vulns"]]
    for library, hole in holes:
        mended = ", ".join(hole["fix_versions"]) or "no version yet"
        print(f"{library['name']} {library['version']}: {hole['id']}, mended in {mended}")
    print(f"{len(libraries)} libraries, {len(holes)} known holes")
    return HOLES if holes else CLEAN
