"""Backups of a test go into a folder of its own."""

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path, settings) -> Path:
    settings.BACKUP_DIR = tmp_path / "backups"
    return settings.BACKUP_DIR
