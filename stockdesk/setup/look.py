"""Looking at a desk that runs, and stopping it: ``down``, ``status``, ``logs``."""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from stockdesk.setup import admin, environment, mariadb, processes
from stockdesk.setup.places import DESK, Trouble
from stockdesk.setup.screen import Screen
from stockdesk.setup.supervision import Supervisor

GOING = ("RUNNING", "STARTING")
ORDERS = ("stop", "hold")


def down() -> int:
    screen = Screen()
    supervisor = Supervisor(DESK)
    if supervisor.pid() is None and not processes.marked(DESK.mark):
        screen.say("The desk is not running here.")
        return 0
    with screen.stage("stopping") as stage:
        killed = supervisor.stop()
        stage.result = f"stopped; {len(killed)} had to be killed" if killed else "everything stopped"
    DESK.state.unlink(missing_ok=True)
    return 0


def status() -> int:
    """Programs, database, address; exit code 0 when all of it is well."""
    screen = Screen()
    supervisor = Supervisor(DESK)
    if supervisor.pid() is None:
        screen.say("The desk is not running here (./desk up starts it).")
        if left := processes.marked(DESK.mark):
            screen.say(f"{len(left)} programs of an earlier run are left over; ./desk down ends them.")
        return 1
    try:
        programs = supervisor.programs()
    except OSError:
        screen.say("The desk is starting or stopping.")
        return 1
    trouble, planned = plan_of_the_manager()
    for program in programs:
        screen.say(
            f"  {program['name']:<12} {program['statename']:<9} {program['pid'] or '-':>8}  {told(program, planned)}"
        )
    screen.say(f"  {'database':<12} {trouble or 'answers'}")
    facts = json.loads(DESK.state.read_text()) if DESK.state.exists() else {}
    screen.say(f"  {'address':<12} {facts.get('url', 'not yet')}{'  (demo)' if facts.get('demo') else ''}")
    return 0 if not trouble and all(is_as_planned(program, planned) for program in programs) else 1


@dataclass(frozen=True, slots=True)
class Planned:
    """What the manager has written down for one program."""

    wanted: bool
    reason: str
    changes_at: datetime | None


def told(program: Mapping[str, Any], planned: Mapping[str, Planned]) -> str:
    """How long it runs, or why it does not."""
    if program["pid"]:
        return lasted(time.time() - program["start"])
    plan = planned.get(program["name"])
    if plan is None or plan.wanted:
        return program["spawnerr"] or "-"
    by = "by an operator" if plan.reason in ORDERS else "by hours (manager)"
    until = f" until {plan.changes_at:%a %m-%d %H:%M}" if plan.changes_at else ""
    return f"stopped {by}: {plan.reason}{until}"


def is_as_planned(program: Mapping[str, Any], planned: Mapping[str, Planned]) -> bool:
    """Whether it runs, or does not and should not. Where nothing is known of a plan every program should run."""
    plan = planned.get(program["name"])
    return program["statename"] in GOING or (plan is not None and not plan.wanted)


def plan_of_the_manager() -> tuple[str, dict[str, Planned]]:
    """What keeps the database from answering, empty when it does; and the manager's plan by program."""
    import MySQLdb

    try:
        connection = mariadb.connect(admin.arguments(environment.desk_file().read()))
    except MySQLdb.Error as exc:
        return f"does not answer: error {exc.args[0]}", {}
    except Trouble as exc:
        return str(exc), {}
    try:
        cursor = connection.cursor()
        cursor.execute("SELECT name, wanted, reason, changes_at FROM stockdesk_program")
        return "", {name: Planned(bool(wanted), reason, at) for name, wanted, reason, at in cursor.fetchall()}
    except MySQLdb.Error:
        return "", {}  # not there before the first migration
    finally:
        connection.close()


def lasted(seconds: float) -> str:
    minutes, rest = divmod(int(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"for {hours} h {minutes} min" if hours else f"for {minutes} min {rest} s"


def logs(name: str, *, follow: bool) -> int:
    path = log_of(name)
    more = ["-F"] if follow else []
    os.execvp("tail", ["tail", "-n", "200", *more, "--", str(path)])


def log_of(name: str) -> Path:
    known = sorted(path.stem for path in DESK.logs.glob("*.log"))
    if name not in known:
        raise Trouble(f"No log called {name!r}; there are: {', '.join(known) or 'none yet'}.")
    return DESK.logs / f"{name}.log"
