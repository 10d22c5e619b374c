"""The way back: into an empty database or over another state, whole or not at all, and careful afterwards."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.utils import timezone

from stockdesk.alerts import ledger
from stockdesk.backup import manifest, present, restoring, staging, tables, writing
from stockdesk.backup.dump import BackupError
from stockdesk.calls.governor import Governor
from stockdesk.calls.keys import key_id
from stockdesk.lease import Lease
from stockdesk.manager import overrides
from stockdesk.manager.models import ProgramOverride
from stockdesk.models import Alert, AlertDelivery, Connection, Fence, Lane, Pace, Token
from trading import desk
from trading.models import Condition, Desk, DeskChange
from trading.values import Mode, Stop

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 20, 20, 30, tzinfo=UTC)
KEY = key_id(settings.DESK.app_keys[0].key)
#: What a restore writes itself: today's facts and the stop.
CHANGED = present.TABLES | {present.DELIVERIES, "trading_desk", "trading_deskchange"}


@pytest.fixture
def kept(folder):
    """A backup of a desk with some conditions on it."""
    desk.desk_row()
    for number in range(5):
        Condition.objects.create(symbol=f"00593{number}", side="buy", note=f"나의 {number}% 조건")
    return writing.write(folder, NOW).path


def put_back(path, **options) -> str:
    said = StringIO()
    call_command("restore", path, yes=True, stdout=said, **options)
    return said.getvalue()


def checksums() -> dict[str, tuple[int, int]]:
    """Rows and the server's own checksum, table by table."""
    found = {}
    with connection.cursor() as cursor:
        for name in set(tables.own()) - CHANGED:
            cursor.execute(f"CHECKSUM TABLE `{name}` EXTENDED")
            checksum = cursor.fetchone()[1]
            cursor.execute(f"SELECT COUNT(*) FROM `{name}`")
            found[name] = (cursor.fetchone()[0], checksum)
    return found


def test_a_lost_database_comes_back_to_the_row(kept, empty_database):
    before = checksums()
    empty_database()
    put_back(kept)
    after = checksums()
    # Left out on purpose, or with a moment of its own.
    assert {name for name in before if before[name] != after.get(name)} <= tables.WITHOUT_ROWS
    assert len(after) == len(before)
    assert Condition.objects.filter(note="나의 3% 조건").exists()
    assert Desk.objects.get().stop == Stop.NO_NEW.value
    assert not any(name.startswith(staging.STAGED) for name in tables.there())


def test_a_state_that_was_overwritten_is_kept_in_a_file_first(kept, folder):
    Condition.objects.all().delete()
    Condition.objects.create(symbol="000660", side="sell", note="since then")
    put_back(kept)
    assert Condition.objects.count() == 5
    (before,) = folder.glob("before-restore-*")
    put_back(before)
    assert [condition.note for condition in Condition.objects.all()] == ["since then"]


def test_without_a_yes_nothing_is_changed(kept):
    Condition.objects.all().delete()
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("restore", kept, stdout=StringIO())
    assert not Condition.objects.exists()


def test_a_running_desk_is_not_restored(kept):
    lease = Lease("assets")
    lease.look()
    assert lease.take()
    with pytest.raises(CommandError, match="assets run on this database"):
        put_back(kept)
    lease.release(state="stopped")
    put_back(kept)


def test_a_failure_half_way_leaves_everything_as_it_was(kept, monkeypatch):
    Condition.objects.all().delete()
    before = checksums()

    def fails(staged):
        raise DatabaseError(2013, "gone")

    monkeypatch.setattr(present, "merge", fails)
    with pytest.raises(CommandError, match="nothing was replaced"):
        put_back(kept)
    assert checksums() == before
    assert not any(name.startswith(staging.STAGED) for name in tables.there())


def test_what_was_loaded_wrongly_replaces_nothing(kept, monkeypatch):
    Condition.objects.all().delete()
    fill = staging.fill

    def loses_a_row(checked, staged):
        fill(checked, staged)
        staging.run(f"DELETE FROM {staged['trading_condition']} LIMIT 1")

    monkeypatch.setattr(staging, "fill", loses_a_row)
    with pytest.raises(CommandError, match="rows of trading_condition are not the same"):
        put_back(kept)
    assert not Condition.objects.exists()


def test_trading_stands_still_and_today_s_kill_switch_stays_pressed(kept):
    desk.set_mode(Mode.LIVE, "kim", timezone.now())
    desk.arm_live("kim", timezone.now())
    desk.kill("kim", timezone.now())
    put_back(kept)
    row = Desk.objects.get()
    assert (row.stop, row.killed_by, row.live_armed_until) == (Stop.NO_NEW.value, "kim", None)
    assert row.stop_by.startswith("restore of 2026-11-21 05:30")
    assert DeskChange.objects.filter(what="restore").count() == 1


def test_a_full_stop_is_not_softened(kept):
    desk.set_stop(Stop.FULL, "kim", timezone.now())
    put_back(kept)
    assert Desk.objects.get().stop == Stop.FULL.value


def test_connects_since_the_backup_are_not_forgotten(kept):
    governor = Governor(KEY)
    assert governor.ask(1).allowed
    Fence.objects.create(name="ws_market", number=70)
    Token.objects.create(key_id="of-today", sealed="x")
    put_back(kept)
    assert Connection.objects.filter(key_id=KEY).count() == 1
    assert not governor.ask(1).allowed
    assert Fence.objects.get(name="ws_market").number == 70, "a holder of those days must not come back"
    assert Token.objects.filter(key_id="of-today").exists()


def test_connects_of_the_backup_count_beside_those_of_today(folder):
    assert Governor(KEY).ask(1).allowed
    Lane.objects.create(name="backup:order", key_id="backup", lane="order", spacing_us=1)
    path = writing.write(folder, NOW).path
    at = Connection.objects.get().at
    Connection.objects.update(at=at - timedelta(days=1))
    put_back(path)
    put_back(path)
    assert sorted(Connection.objects.values_list("at", flat=True)) == [at - timedelta(days=1), at]


def words() -> dict[str, tuple[str, str]]:
    return {name: (word.wish, word.why) for name, word in overrides.in_force(timezone.now()).items()}


def said(program, wish, why):
    overrides.say([program], wish, who="kim", why=why, now=timezone.now())


def test_what_operators_have_said_since_the_backup_holds(folder):
    said("ws_market", "stop", "the line is down")
    said("overseas", "stop", "not wanted")
    path = writing.write(folder, NOW).path
    said("ws_market", "automatic", "the line is back")
    said("trading", "stop", "a strange order")
    put_back(path)
    assert words() == {"trading": ("stop", "a strange order"), "overseas": ("stop", "not wanted")}
    assert ProgramOverride.objects.count() == 4, "and none is there twice"


def test_where_nothing_of_today_is_known_the_words_of_the_backup_hold(folder, empty_database):
    said("trading", "stop", "a strange order")
    said("trading", "stop", "two strange orders")
    path = writing.write(folder, NOW).path
    empty_database()
    put_back(path)
    assert words() == {"trading": ("stop", "two strange orders")}


def test_alerts_that_waited_when_the_backup_was_made_are_not_sent_now(folder):
    alert = Alert.objects.create(kind="opened", level="critical", title="[심각] 잔고가 오래됨", body="-")
    AlertDelivery.objects.create(alert=alert, channel="json 1", channel_key="x")
    path = writing.write(folder, NOW).path
    AlertDelivery.objects.update(state="sent")
    put_back(path)
    assert AlertDelivery.objects.get().state == "failed"
    assert ledger.given_up(timezone.now()) == {}, "nor told of as lost"


def test_where_today_s_connects_are_lost_no_session_connects_for_ten_minutes(kept, empty_database):
    empty_database()
    put_back(kept)
    permission = Governor(KEY).ask(1)
    assert not permission.allowed
    assert 500 < permission.wait <= 600
    assert Pace.objects.exclude(key_id="*").count() == len(settings.DESK.app_keys)


def test_leases_of_the_backup_are_nobodys(folder, empty_database):
    lease = Lease("trading")
    lease.look()
    assert lease.take()
    path = writing.write(folder, NOW).path
    lease.release(state="stopped")
    empty_database()
    put_back(path)
    successor = Lease("trading")
    successor.look()
    assert successor.take()
    assert successor.fence > lease.fence


def test_a_board_of_another_engine_changes_places(kept):
    board = settings.DESK.gnuboard.table
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {board} ENGINE=MyISAM")
        cursor.execute("SET SESSION sql_mode = ''")  # as Gnuboard's own pages do, columns are left out
        cursor.execute(f"INSERT INTO {board} (wr_subject) VALUES ('삼성전자')")
    try:
        put_back(kept)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM {board}")
            assert cursor.fetchone()[0] == 0
        assert tables.engines([board]) == {board: "MYISAM"}
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {board}")
            cursor.execute(f"ALTER TABLE {board} ENGINE=InnoDB")
    assert not any(name.startswith(staging.REPLACED) for name in tables.there())


def test_rows_of_another_state_of_the_tables_are_refused(kept):
    told = manifest.check(kept).manifest
    newest = max(name for app, name in told.migrations if app == "trading")
    behind = told.migrations - {("trading", newest)}
    with pytest.raises(BackupError, match="1 migrations ahead"):
        restoring.same_state(manifest.Manifest(NOW, "0", "d", False, behind, {}))
    ahead = told.migrations | {("trading", "9999_not_known_here")}
    with pytest.raises(BackupError, match="lacks 1 migrations"):
        restoring.same_state(manifest.Manifest(NOW, "0", "d", False, ahead, {}))
    with pytest.raises(BackupError, match="newer version"):
        restoring.make_tables(manifest.Manifest(NOW, "0", "d", False, ahead, {}))


def test_only_a_file_of_the_whole_database_restores_it(kept):
    with pytest.raises(CommandError, match="made without --whole-database"):
        put_back(kept, whole_database=True)


def test_the_sites_tables_come_back_with_the_whole_database(folder, empty_database):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE g5_member (mb_id VARCHAR(20), since DATETIME NOT NULL) ENGINE=MyISAM")
        cursor.execute("SET SESSION sql_mode = ''")
        cursor.execute("INSERT INTO g5_member VALUES ('kim', '0000-00-00 00:00:00')")
    try:
        path = writing.write(folder, NOW, whole=True).path
    finally:
        staging.run("DROP TABLE g5_member")
    empty_database()
    put_back(path)
    assert "g5_member" not in tables.there(), "without being asked for the site is left alone"
    put_back(path, whole_database=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT mb_id, CAST(since AS CHAR) FROM g5_member")
        assert cursor.fetchone() == ("kim", "0000-00-00 00:00:00")
