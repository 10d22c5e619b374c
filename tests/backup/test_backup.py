"""A backup: whole or not at all, without what is secret today, and in a file that is its owner's alone."""

import fcntl
import gzip
import stat
import subprocess
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from stockdesk.backup import dump, files, manifest, writing
from stockdesk.backup.dump import BackupError, Rows, Tally, option_file
from stockdesk.models import Event, Token
from trading.models import Condition

NOW = datetime(2026, 11, 20, 20, 30, tzinfo=UTC)  # 05:30 of the 21st in Korea


@pytest.mark.django_db(transaction=True)
def test_a_backup_holds_every_row_as_it_is_and_is_its_owners_alone(folder):
    texts = ["한글 50%", "quote ' and \\ backslash", "two\nlines", "INSERT INTO `x` (`a`) VALUES (1);", "😀;"]
    for text in texts:
        Condition.objects.create(symbol="005930", side="buy", note=text)
    made = writing.write(folder, NOW)
    assert made.path.name.endswith("-20261121-053000.sql.gz")
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    checked = manifest.check(made.path)
    assert checked.manifest.tables["trading_condition"].rows == len(texts)
    assert checked.manifest == made.manifest
    assert checked.manifest.made_at == NOW
    assert [path for path in folder.iterdir() if path.name.endswith(files.PARTIAL)] == []


@pytest.mark.django_db(transaction=True)
def test_tokens_and_logins_are_left_out(folder, client, django_user_model):
    Token.objects.create(key_id="backup-test", sealed="sealed-token-value")
    client.force_login(django_user_model.objects.create_user("kim", password="not a common one"))
    made = writing.write(folder, NOW)
    text = gzip.decompress(made.path.read_bytes()).decode()
    assert "sealed-token-value" not in text
    assert client.session.session_key not in text
    assert "CREATE TABLE `stockdesk_token`" in text
    assert made.manifest.tables["stockdesk_token"] == Tally()


@pytest.mark.django_db(transaction=True)
def test_the_sites_own_tables_are_there_only_when_asked_for(folder):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE g5_member (mb_id VARCHAR(20)) ENGINE=MyISAM")
        cursor.execute("INSERT INTO g5_member VALUES ('kim')")
    try:
        ours = writing.write(folder, NOW)
        whole = writing.write(folder, NOW + timedelta(seconds=1), whole=True)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE g5_member")
    assert "g5_member" not in ours.manifest.tables
    assert whole.manifest.tables["g5_member"].rows == 1


@pytest.mark.parametrize("spoil", ["cut", "changed", "foreign"])
@pytest.mark.django_db(transaction=True)
def test_a_damaged_file_is_told_from_a_whole_one(folder, spoil):
    Condition.objects.create(symbol="005930", side="buy", note="kept")
    path = writing.write(folder, NOW).path
    packed = path.read_bytes()
    if spoil == "cut":
        path.write_bytes(packed[:-200])
    elif spoil == "changed":
        path.write_bytes(gzip.compress(gzip.decompress(packed).replace(b"'kept'", b"'keqt'")))
    else:
        path.write_bytes(gzip.compress(b"-- Dump completed\n"))
    with pytest.raises(BackupError):
        manifest.check(path)


@pytest.mark.django_db(transaction=True)
def test_a_disk_that_is_nearly_full_is_left_alone(folder, monkeypatch):
    monkeypatch.setattr(writing, "KEEP_FREE", 1 << 60)
    with pytest.raises(CommandError, match="BACKUP_DIR"):
        call_command("backup")
    assert list(folder.glob("*.gz")) == []
    assert Event.objects.filter(source="backup", code="backup-failed", is_open=True).exists()
    monkeypatch.setattr(writing, "KEEP_FREE", 0)
    call_command("backup", stdout=StringIO())
    assert not Event.objects.filter(source="backup", code="backup-failed", is_open=True).exists()


@pytest.mark.django_db(transaction=True)
def test_a_backup_that_fails_half_way_leaves_nothing_behind(folder, monkeypatch):
    monkeypatch.setattr(dump, "OPTIONS", (*dump.OPTIONS, "--where=no_such_column"))
    with pytest.raises(BackupError, match="no_such_column"):
        writing.write(folder, NOW)
    assert [path.name for path in folder.iterdir()] == [".lock"]


@pytest.mark.django_db(transaction=True)
def test_two_backups_at_a_time_do_not_meet(folder):
    folder.mkdir(mode=0o700)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(writing.UnderWay):
            writing.write(folder, NOW)


@pytest.mark.parametrize("password", ["plain", 'a"b', "a#b", "a\\nb", "'a'", "with blank ", "%$@;"])
def test_any_password_reaches_the_dump_program_and_no_command_line(password):
    with option_file({"USER": "u", "PASSWORD": password, "HOST": "", "PORT": ""}) as handle:
        done = subprocess.run(
            ["my_print_defaults", f"--defaults-file=/dev/fd/{handle}", "client"],
            pass_fds=[handle], capture_output=True, text=True, check=True,
        )  # fmt: skip
    assert done.stdout.splitlines() == ["--user=u", f"--password={password}"]


def test_rows_are_counted_in_whatever_way_they_are_written():
    one, other = Rows(), Rows()
    for line in (
        b"INSERT INTO `a` (`x`, `y`) VALUES (1,'b'),\n",
        b"(2,'c');\n",
        b"INSERT INTO `b` (`x`) VALUES (3);\n",
    ):
        one.take(line)
    for line in (
        b"INSERT INTO `a` (`x`, `y`) VALUES\n",
        b"(2,'c'),\n",
        b"(1,'b');\n",
        b"INSERT INTO `b` (`x`) VALUES\n",
        b"(3);\n",
    ):
        other.take(line)
    assert one.tallies == other.tallies
    assert {name: tally.rows for name, tally in one.tallies.items()} == {"a": 2, "b": 1}


def test_of_older_days_the_last_backup_is_kept():
    def at(day: int, hour: int) -> tuple[datetime, Path]:
        return datetime(2026, 11, day, hour, tzinfo=UTC), Path(f"{day}-{hour}")

    backups = [at(17, 5), at(18, 5), at(18, 9), at(20, 5), at(21, 5), at(21, 6), at(21, 7)]
    gone = files.expired(backups, 3, date(2026, 11, 21))
    assert [path.name for path in gone] == ["17-5", "18-5"], "a day without a backup does not shorten what is kept"
    assert files.expired(backups, 1, date(2026, 11, 21))[-1].name == "20-5", "today's all stay"


def test_only_backups_are_thrown_away(tmp_path):
    old = tmp_path / "stockdesk-desk-20200101-050000.sql.gz"
    others = [
        tmp_path / f"{name}.sql.gz"
        for name in ("before-restore-desk-20200101-050000", "stockdesk-notes", "stockdesk-other-20200101-050000")
    ]
    for path in (old, tmp_path / "stockdesk-desk-20261120-050000.sql.gz", *others):
        path.touch()
    assert files.forget_old(tmp_path, "desk", 1, date(2026, 11, 21)) == [old]
    assert all(path.exists() for path in others)
    newest = files.newest(tmp_path, "desk")
    assert newest is not None
    assert newest[0].name == "stockdesk-desk-20261120-050000.sql.gz"
