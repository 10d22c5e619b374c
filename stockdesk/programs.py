"""The registry of programs: what runs, with which command and when; supervisord's configuration is made from it.

A daemon joins the desk by one entry here. Commands are relative to the checkout, so that no path of the
machine needs quoting, and carry no secret: a program reads its settings from the file in STOCKDESK_ENV.
"""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

PYTHON = ".venv/bin/python"
MANAGER = "manager"

When = Literal["always", "market hours", "night", "after the close"]
Only = Literal["", "embedded", "simulated", "account"]


@dataclass(frozen=True, slots=True)
class Program:
    """One long-running program. Those with a higher ``priority`` start later and stop earlier."""

    name: str
    command: tuple[str, ...]  # a part may stand for a port: {web_port}, {rest_port}, {ws_port}
    priority: int
    when: When = "always"
    # "embedded": with the desk's own MariaDB; "simulated": with the broker's stand-in; "account": KIS_ACCOUNT is set
    only: Only = ""
    starts_alone: bool = False  # by supervisord itself, before the migrations; the others are told to start
    asks_calendar: bool = False  # it is needed every morning, to ask the broker which days are trading days
    stop_seconds: int = 15  # between SIGTERM and SIGKILL
    # SIGTERM goes to the program alone, which ends its own children; SIGKILL goes to the whole group all the same.
    ends_its_children: bool = False


PROGRAMS = (
    # the desk's own database server
    Program(
        name="mariadb",
        command=(PYTHON, "-m", "stockdesk.setup", "serve-database"),
        priority=10,
        only="embedded",
        starts_alone=True,
        stop_seconds=120,  # a clean stop writes every dirty page
    ),
    # stands in for KIS
    Program(
        name="simulator",
        command=(PYTHON, "manage.py", "run_simulator", "--rest-port", "{rest_port}", "--ws-port", "{ws_port}"),
        priority=20,
        only="simulated",
        starts_alone=True,
    ),
    # live prices and execution notices
    Program(
        name="ws_market",
        command=(PYTHON, "manage.py", "run_ws_market"),
        priority=30,
        when="market hours",
        stop_seconds=30,  # the step in hand is finished, and that may be waiting for a token
    ),
    # prices of the whole market, thirty issues a call
    Program(
        name="rest_market",
        command=(PYTHON, "manage.py", "run_rest_market"),
        priority=35,
        when="market hours",
    ),
    # balance and holdings of the account
    Program(
        name="assets",
        command=(PYTHON, "manage.py", "run_assets"),
        priority=40,
        when="market hours",
        only="account",
        asks_calendar=True,
    ),
    # conditions become orders
    Program(
        name="trading",
        command=(PYTHON, "manage.py", "run_trading"),
        priority=50,
        when="market hours",
        only="account",
    ),
    # overseas indices and rates
    Program(
        name="overseas",
        command=(PYTHON, "manage.py", "run_overseas"),
        priority=60,
        when="night",
    ),
    # opens the batch jobs: filings from 07:00, data.go.kr at 13:10, the broker's figures after the close
    Program(
        name="reference",
        command=(PYTHON, "manage.py", "run_reference"),
        priority=65,
        when="after the close",
    ),
    # batch jobs
    Program(
        name="worker",
        # The checks would load every page.
        command=(PYTHON, "manage.py", "qcluster", "--skip-checks"),
        priority=70,
        stop_seconds=60,  # the items in hand are finished
        # It waits for ever for a child that a signal to the group ended before it could tell it to stop.
        ends_its_children=True,
    ),
    # dashboard and admin
    Program(
        name="web",
        command=(
            *(PYTHON, "-m", "uvicorn", "stockdesk.asgi:application"),
            *("--host", "127.0.0.1", "--port", "{web_port}"),
            *("--no-access-log", "--no-server-header", "--timeout-graceful-shutdown", "5"),
        ),
        priority=90,
    ),
    # starts and stops the others by trading hours
    Program(
        name=MANAGER,
        command=(PYTHON, "manage.py", "run_manager"),
        priority=100,  # the first to stop: nobody starts again what is being stopped
        starts_alone=True,  # it waits until ./desk has made the tables; nobody else would start it again
    ),
)
BY_NAME = {program.name: program for program in PROGRAMS}


def programs_for(*, embedded: bool, simulated: bool, account: bool) -> list[Program]:
    """The programs of this desk, first to start first."""
    there = {"": True, "embedded": embedded, "simulated": simulated, "account": account}
    return sorted((p for p in PROGRAMS if there[p.only]), key=lambda p: p.priority)


def quoted(argument: str) -> str:
    """One argument as supervisord's parser reads it back.

    It expands ``%``, cuts a line where blank and ``;`` or ``#`` meet (inside quotes too), then splits as a shell does.
    """
    if "\n" in argument or "\r" in argument:
        raise ValueError("a line break cannot stand in a command")
    text = shlex.quote(argument)
    for mark in ";#":
        text = text.replace(mark, f"""'"{mark}"'""")
    return text.replace("%", "%%")


HEAD = """\
; Made by ./desk from stockdesk/programs.py at every start: a change here is lost.
[unix_http_server]
file={socket}
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisord]
logfile=var/log/supervisord.log
logfile_maxbytes=5MB
logfile_backups=2
pidfile=var/run/supervisord.pid
childlogdir=var/log
{user}"""

# startretries: a program that fails within startsecs is tried again after 1, 2, 3 ... s, and supervisord would
# give up (FATAL) after three. A million is never reached; the decision page on pacing says what the pause grows to.
SECTION = """
[program:{name}]
command={command}
priority={priority}
autostart={autostart}
autorestart=true
startsecs=5
startretries=1000000
stopsignal=TERM
stopwaitsecs={stop_seconds}
stopasgroup={stopasgroup}
killasgroup=true
redirect_stderr=true
stdout_logfile=var/log/{name}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=3
"""


def supervisord_config(
    programs: Iterable[Program], *, socket: str, ports: Mapping[str, int], as_root: bool = False
) -> str:
    """The text of supervisord.conf; ``socket`` is where supervisord listens for ``./desk``."""
    numbers = {f"{{{name}}}": str(port) for name, port in ports.items()}
    sections = [
        SECTION.format(
            name=program.name,
            command=" ".join(quoted(numbers.get(part, part)) for part in program.command),
            priority=program.priority,
            autostart="true" if program.starts_alone else "false",
            stop_seconds=program.stop_seconds,
            stopasgroup="false" if program.ends_its_children else "true",
        )
        for program in programs
    ]
    return HEAD.format(socket=socket.replace("%", "%%"), user="user=root\n" if as_root else "") + "".join(sections)
