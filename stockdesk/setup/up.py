"""``./desk up``: from a set-up checkout to moving prices, then keeping watch until it is told to stop."""

import fcntl
import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from types import FrameType
from typing import TYPE_CHECKING, Any

from stockdesk.programs import programs_for, supervisord_config
from stockdesk.setup import admin, environment, mariadb, ports, processes, steps
from stockdesk.setup.places import DESK, Trouble, write_private
from stockdesk.setup.screen import Screen
from stockdesk.setup.supervision import Supervisor, tail

if TYPE_CHECKING:
    from stockdesk.env import Environment

KST = timezone(timedelta(hours=9))
WEB_PORT = 8000
TROUBLE_LASTS = 15.0  # seconds; the lease of a daemon that was killed runs out after 10, until then the next one waits


class ToldToStop(BaseException):
    """Ctrl-C, a hang-up of the terminal or SIGTERM."""


def up(*, detach: bool) -> int:
    """Start the desk; in the foreground until it is stopped, or leave it running with ``detach``."""
    DESK.make()
    screen = Screen()
    supervisor = Supervisor(DESK)
    with (DESK.var / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return already_up(screen, supervisor)
        if supervisor.pid() is not None:
            return already_up(screen, supervisor)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, told_to_stop)
        start = Start(screen, supervisor)
        try:
            start.everything()
            if detach:
                screen.say("\nIt keeps running; ./desk down stops it.")
                return 0
            screen.say("\nCtrl-C stops everything.")
            return start.watch()
        except ToldToStop:
            screen.say()
            start.stop()
            return 0
        except BaseException as exc:
            ended = start.child is not None and start.child.poll() is not None
            start.stop()
            if ended and isinstance(exc, Exception):
                raise Trouble("supervisord ended while the desk was starting: see var/log/supervisord.log.") from exc
            raise


def told_to_stop(number: int, frame: FrameType | None) -> None:
    """Once is enough: whoever presses Ctrl-C again does not interrupt the orderly stop."""
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    raise ToldToStop


def already_up(screen: Screen, supervisor: Supervisor) -> int:
    if supervisor.pid() is None or not DESK.state.exists():
        screen.say("Another ./desk up is starting or stopping the desk here.")
        return 0
    url = json.loads(DESK.state.read_text())["url"]
    screen.say(f"The desk is already up: {url}\n(./desk status tells more, ./desk down stops it.)")
    return 0


class Start:
    """One start of the desk, stage by stage."""

    def __init__(self, screen: Screen, supervisor: Supervisor) -> None:
        self.screen = screen
        self.supervisor = supervisor
        self.began = time.time()
        self.shell_began = float(os.environ.get("DESK_STARTED", self.began))
        self.child: subprocess.Popen[bytes] | None = None
        self.log = DESK.logs / "setup.log"

    def everything(self) -> None:
        self.end_leftovers()  # first: they hold the ports that we are about to look at
        with self.screen.stage("settings") as stage:
            self.settle()
            stage.result = "the demo, with its own database and broker" if self.demo else str(self.file.path)
        with self.screen.stage("database") as stage:
            stage.result = self.start_database()
        with self.screen.stage("tables"):
            self.manage("migrate", "--noinput")
        with self.screen.stage("database users") as stage:
            stage.result = self.prepare_database_users()
        if self.demo:
            with self.screen.stage("demo data"):
                self.manage("seed_demo")
                self.manage("forget_demo_orders")
        with self.screen.stage("static files"):
            self.manage("collectstatic", "--noinput")
        with self.screen.stage("administrator") as stage:
            created = admin.ensure(self.settings, DESK, self.manage)
            stage.result = f"{admin.NAME} created" if created else "there already"
        with self.screen.stage("programs") as stage:
            stage.result = self.start_programs()
        with self.screen.stage("dashboard") as stage:
            self.wait_for_dashboard()
            stage.result = "answers"
        if self.demo:
            with self.screen.stage("prices") as stage:
                stage.result = self.wait_for_prices()
        self.remember()
        self.greet(created)

    # --- stages

    def settle(self) -> None:
        """Which desk this is, with which settings and ports."""
        self.file = environment.desk_file()
        self.demo = self.file.demo
        drawn = environment.make_demo(DESK) if self.demo else {}
        self.settings: Environment = self.file.read()
        self.web_port = web_port()
        if not ports.is_free(self.web_port):
            raise Trouble(
                f"Port {self.web_port} is taken by {ports.listener(self.web_port)}. "
                f"Stop that, or choose another port: DESK_PORT={ports.choose(self.web_port + 1)} ./desk up"
            )
        self.password = drawn.get("DATABASE_PASSWORD", "")
        self.ports = {
            "web_port": self.web_port,
            "rest_port": environment.port_in(drawn.get("KIS_REST_URL", ""), environment.REST_PORT),
            "ws_port": environment.port_in(drawn.get("KIS_WS_URL", ""), environment.WS_PORT),
        }
        self.programs = programs_for(embedded=self.demo, simulated=self.demo, account=bool(self.settings.account))

    def end_leftovers(self) -> None:
        """Programs whose supervisord was killed live on; a second copy beside them would be one too many."""
        if left := processes.marked(DESK.mark):
            with self.screen.stage("leftovers") as stage:
                processes.end(left, patience=60.0)
                stage.result = f"{len(left)} programs of an earlier run ended"

    def start_database(self) -> str:
        made = False
        if not self.demo:
            self.reach_the_operators_database()
        else:
            server = environment.embedded_server(DESK)
            made = server.prepare()
        config = supervisord_config(
            self.programs,
            socket=os.path.relpath(DESK.supervisor_socket, self.supervisor.top),
            ports=self.ports,
            as_root=os.geteuid() == 0,
        )
        DESK.prepared.unlink(missing_ok=True)
        self.child = self.supervisor.start(config, self.file.child_environment())
        self.supervisor.wait_until_listening(self.child)
        if not self.demo:
            return "the operator's own answers"
        mariadb.wait_until_answering(server, ended=lambda: self.in_trouble("mariadb"))
        return "made and started" if made else "started"

    def reach_the_operators_database(self) -> None:
        import MySQLdb

        try:
            mariadb.connect(admin.arguments(self.settings)).close()
        except MySQLdb.Error as exc:
            raise Trouble(f"The database does not answer: error {exc.args[0]}. ./desk doctor tells more.") from None

    def prepare_database_users(self) -> str:
        """The users of daemons, whose rights follow the tables. An operator's server may leave that to somebody else:
        the rest of the desk works without, and a daemon that lacks its user says so itself."""
        try:
            self.manage("database_users")
        except steps.StepFailed:
            if self.demo:
                raise
            return "not all are prepared: ./desk manage database_users says why"
        return "prepared"

    def start_programs(self) -> str:
        """Those that always run, from here; the manager, which has waited for this, starts the others by the hours.

        The demo's broker never closes: there all start at once.
        """
        self.programs_began = datetime.now(KST)
        started = [program for program in self.programs if self.demo or program.when == "always"]
        for program in started:
            if not program.starts_alone:
                self.supervisor.start_program(program.name)
        DESK.prepared.touch()
        names = ", ".join(program.name for program in started)
        return names if self.demo else f"{names}; the others by trading hours"

    def wait_for_dashboard(self) -> None:
        if not self.within(90.0, self.dashboard_answers):
            raise Trouble(f"The dashboard does not answer.\n{tail(DESK.logs / 'web.log')}")

    def wait_for_prices(self) -> str:
        """What came of it. No price is no failure here: after quick restarts the governor holds connects back."""
        if not self.within(90.0, lambda: self.fresh_quotes() > 0):
            return "none yet; after quick restarts connects are paced"
        first = time.time() - self.shell_began
        until = time.monotonic() + 5.0
        while (count := self.fresh_quotes()) < self.quotes() and time.monotonic() < until:
            time.sleep(0.2)
        return f"first after {first:.0f} s, {count} symbols so far"

    def within(self, patience: float, ready: Callable[[], bool]) -> bool:
        """Poll until ready, at most ``patience`` seconds; a program that keeps falling over is Trouble."""
        until = time.monotonic() + patience
        well = dict.fromkeys((program.name for program in self.programs), time.monotonic())
        while not ready():
            for name, last_well in well.items():
                if not self.in_trouble(name):
                    well[name] = time.monotonic()
                elif time.monotonic() - last_well > TROUBLE_LASTS:
                    raise Trouble(f"{name} does not stay up.\n{tail(DESK.logs / f'{name}.log')}")
            if time.monotonic() > until:
                return False
            time.sleep(0.1)
        return True

    def in_trouble(self, name: str) -> bool:
        return self.supervisor.state_of(name) in ("BACKOFF", "FATAL", "EXITED", "UNKNOWN")

    def dashboard_answers(self) -> bool:
        return answers(self.web_port, self.settings.allowed_hosts)

    def fresh_quotes(self) -> int:
        return self.count("SELECT COUNT(*) FROM market_quote WHERE received_at >= %s", self.programs_began)

    def quotes(self) -> int:
        return self.count("SELECT COUNT(*) FROM market_quote")

    def count(self, query: str, *moments: datetime) -> int:
        connection = mariadb.connect(admin.arguments(self.settings))
        try:
            cursor = connection.cursor()
            cursor.execute(query, [moment.replace(tzinfo=None) for moment in moments])
            return int(cursor.fetchone()[0])
        finally:
            connection.close()

    # --- afterwards

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    def remember(self) -> None:
        facts: dict[str, Any] = {"url": self.url, "demo": self.demo, "env": str(self.file.path)}
        write_private(DESK.state, json.dumps(facts))

    def greet(self, created: bool) -> None:
        self.screen.say(f"\n  {self.url}   up after {time.time() - self.shell_began:.0f} s, mode {self.settings.mode}")
        if self.demo or created:
            self.screen.say(f"  name {admin.NAME}   password {admin.stored_password(DESK)}")
        if created and not self.demo:
            self.screen.say("  The first login enrols your phone: have an authenticator app (TOTP) at hand.")
        if DESK.sockets != DESK.run:
            self.screen.say(f"  (this path is too long for sockets: they are in {DESK.sockets})")

    def watch(self) -> int:
        """Until supervisord ends: by ``./desk down``, or by accident."""
        assert self.child is not None
        code = self.child.wait()
        left = processes.end(processes.marked(DESK.mark), patience=60.0)
        DESK.state.unlink(missing_ok=True)
        if code == 0 and not left:
            self.screen.say("Stopped from another terminal.")
            return 0
        self.screen.say("supervisord ended unexpectedly; what it had started is stopped. See var/log/supervisord.log.")
        return 1

    def stop(self) -> None:
        if self.child is None:
            return
        with self.screen.stage("stopping") as stage:
            if self.child.poll() is None and self.supervisor.pid() is None:
                self.child.terminate()  # it has not written its pid file yet
            self.supervisor.stop()
            self.child.wait()
            stage.result = "everything stopped"
        DESK.state.unlink(missing_ok=True)

    def manage(self, *arguments: str, **more: str) -> None:
        steps.run(steps.manage(*arguments), environment={**self.file.child_environment(), **more}, log=self.log)


def web_port() -> int:
    text = os.environ.get("DESK_PORT", "") or str(WEB_PORT)
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise Trouble(f"DESK_PORT is a number from 1 to 65535, not {text!r}.")
    return int(text)


def answers(port: int, allowed_hosts: list[str]) -> bool:
    """Whether ``/healthz`` says 200, asked as the desk's own front end would ask."""
    names = [host.lstrip(".") for host in allowed_hosts if host != "*"]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(
            "GET", "/healthz", headers={"Host": (names or ["127.0.0.1"])[0], "X-Forwarded-Proto": "https"}
        )
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
