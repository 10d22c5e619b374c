"""Looking at a desk that runs, and stopping it: ``down``, ``status``, ``logs``."""

import json
import os
import time
from pathlib import Path

from stockdesk.setup import admin, environment, mariadb, processes
from stockdesk.setup.places import DESK, Trouble
from stockdesk.setup.screen import Screen
from stockdesk.setup.supervision import Supervisor

GOING = ("RUNNING", "STARTING")


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
    for program in programs:
        age = lasted(time.time() - program["start"]) if program["pid"] else program["spawnerr"] or "-"
        screen.say(f"  {program['name']:<12} {program['statename']:<9} {program['pid'] or '-':>8}  {age}")
    trouble = database_trouble()
    screen.say(f"  {'database':<12} {trouble or 'answers'}")
    facts = json.loads(DESK.state.read_text()) if DESK.state.exists() else {}
    screen.say(f"  {'address':<12} {facts.get('url', 'not yet')}{'  (demo)' if facts.get('demo') else ''}")
    return 0 if not trouble and all(program["statename"] in GOING for program in programs) else 1


def database_trouble() -> str:
    """What keeps the database from answering; empty when it does."""
    import MySQLdb

    try:
        mariadb.connect(admin.arguments(environment.desk_file().read())).close()
    except MySQLdb.Error as exc:
        return f"does not answer: error {exc.args[0]}"
    except Trouble as exc:
        return str(exc)
    return ""


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
