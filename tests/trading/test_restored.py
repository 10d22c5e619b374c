"""What a person has switched off since a backup stays off when it is put back."""

import pytest
from django.utils import timezone

from trading.models import Desk
from trading.restored import stopped

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("today", "backup", "after"),
    [
        ("dry-run", "live", "dry-run"),
        ("mock", "live", "mock"),
        ("live", "dry-run", "dry-run"),
        ("live", "live", "live"),
    ],
)
def test_the_more_careful_mode_of_today_and_the_backup_holds(today: str, backup: str, after: str) -> None:
    """Live was the owner's to switch; put back by a restore, a trader's code alone would have armed it."""
    Desk.objects.update_or_create(pk=1, defaults={"mode": today})
    with stopped(timezone.now()):
        Desk.objects.filter(pk=1).update(mode=backup, live_armed_until=timezone.now(), live_armed_by="kim")
    row = Desk.objects.get(pk=1)
    assert (row.mode, row.stop, row.live_armed_until) == (after, "no_new", None)


def test_on_an_empty_database_live_is_to_be_switched_on_anew() -> None:
    Desk.objects.all().delete()
    with stopped(timezone.now()):
        Desk.objects.create(pk=1, mode="live")
    assert Desk.objects.get(pk=1).mode == "dry-run"
