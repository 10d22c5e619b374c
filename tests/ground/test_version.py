"""The version shown on the dashboard is the project's."""

import tomllib
from pathlib import Path

from stockdesk.version import VERSION, version

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_version_is_the_one_of_the_project():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION
    assert version().startswith(VERSION)
