"""Starts copies of the daemons fast: by a fork, for Python is warm by then. ``python -m tests.faults.forker``

It makes the tables and fills the desk, says ``ready``, and then reads a line at a time and answers each with one:
``start COMMAND LOG BUG`` with the copy's process id (BUG is a name of `mutants`, or ``-``), ``status PID`` with
``running`` or the wait status. Leases and look-ups are shortened in the copies, and nothing else.
"""

import os
import sys
from datetime import timedelta
from importlib import import_module
from io import StringIO

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402

from stockdesk import roles  # noqa: E402
from stockdesk.daemon import Daemon  # noqa: E402
from tests.faults import mutants  # noqa: E402
from trading import ledger, matching  # noqa: E402

COMMANDS = {"run_ws_market": "collectors", "run_assets": "collectors", "run_trading": "trading"}
MODULES = {name: import_module(f"{app}.management.commands.{name}") for name, app in COMMANDS.items()}
SYMBOLS = int(os.environ.get("FAULTS_SYMBOLS", "120"))
WATCHED = int(os.environ.get("FAULTS_WATCHED", "24"))


def prepare() -> None:
    call_command("migrate", interactive=False, verbosity=0)
    call_command("seed_demo", force=True, rows=WATCHED, symbols=SYMBOLS, stdout=StringIO())
    roles.prepare("trading")
    connections.close_all()


def hurry() -> None:
    """What a real desk waits for minutes is waited for seconds here."""
    Daemon.expiry = 6.0
    ledger.LOOK_UPS = (1, 2, 3, 4)  # type: ignore[assignment]
    ledger.LOOK_UPS_LATER = 1
    ledger.PROVED_AFTER = matching.PROVED_AFTER = timedelta(seconds=2)


def copy(command: str, log: str, bug: str) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        hurry()
        if bug != "-":
            mutants.BUGS[bug].apply()
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for number in (1, 2):
            os.dup2(out, number)
        MODULES[command].Command().run_from_argv(["manage.py", command])
        code = 0
    except SystemExit as exc:
        code = exc.code if isinstance(exc.code, int) else 1
    finally:
        os._exit(code)


def status(pid: int) -> str:
    ended, how = os.waitpid(pid, os.WNOHANG)
    return str(how) if ended else "running"


def main() -> None:
    prepare()
    print("ready", flush=True)
    for line in sys.stdin:
        word, *rest = line.split()
        print(copy(*rest) if word == "start" else status(int(rest[0])), flush=True)


if __name__ == "__main__":
    main()
