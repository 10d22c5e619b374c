"""Talking to supervisord: starting it, asking it, stopping it."""

import http.client
import os
import socket
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport, UnixStreamHTTPConnection

from stockdesk.programs import PROGRAMS
from stockdesk.setup import processes
from stockdesk.setup.places import ROOT, Places, Trouble, write_private

#: Seconds after which a supervisord that has not answered counts as away: one that was stopped hangs for ever.
SILENCE = 5.0
SHUTTING_DOWN, ALREADY_STARTED, NOT_RUNNING = 6, 60, 70  # faults, by supervisord's own numbers


class Connection(UnixStreamHTTPConnection):
    """supervisord's own connection waits for ever."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(SILENCE)
        self.sock.connect(self.socketfile)


class Transport(SupervisorTransport):
    """supervisord's own transport, with an end to its patience."""

    def __init__(self, path: Path) -> None:
        super().__init__(None, None, f"unix://{path}")
        self._path = str(path)
        self._get_connection = self._patient_connection  # the one it would call stands in this attribute

    def _patient_connection(self) -> Connection:
        made = Connection("localhost")
        made.socketfile = self._path
        return made


class Supervisor:
    """The supervisord of one run; ``top`` is where the programs' relative commands start from."""

    def __init__(self, places: Places, top: Path = ROOT) -> None:
        self.places = places
        self.top = top

    def start(self, config: str, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        """Start it apart from the terminal: Ctrl-C reaches ``./desk`` alone, which then stops things in order."""
        write_private(self.places.supervisor_config, config)
        self.places.supervisor_socket.unlink(missing_ok=True)
        with (self.places.logs / "setup.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(self.places.supervisor_config)],
                cwd=self.top,
                env={**environment, processes.MARK: self.places.mark},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                umask=0o077,
            )

    def pid(self) -> int | None:
        """The running supervisord of this checkout, not merely of this number."""
        return processes.recorded(self.places.supervisor_pid, self.places.mark)

    def call(self, method: str, *arguments: Any) -> Any:
        """One XML-RPC call; ``OSError`` when nobody listens."""
        transport = Transport(self.places.supervisor_socket)
        proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        try:
            return getattr(proxy, f"supervisor.{method}")(*arguments)
        except (http.client.HTTPException, xmlrpc.client.ProtocolError) as exc:
            raise ConnectionError(f"supervisord: {exc}") from exc
        finally:
            transport.close()

    def wait_until_listening(self, child: "subprocess.Popen[bytes]", patience: float = 30.0) -> None:
        until = time.monotonic() + patience
        while True:
            try:
                self.call("getState")
            except OSError as exc:
                if child.poll() is not None or time.monotonic() > until:
                    raise Trouble("supervisord did not start: see var/log/setup.log.") from exc
                time.sleep(0.05)
            else:
                return

    def start_program(self, name: str) -> None:
        """Have a program started and kept running, whether it survives its first seconds or not."""
        try:
            self.call("startProcess", name, False)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != ALREADY_STARTED:
                raise Trouble(f"supervisord cannot start {name}: {fault.faultString}") from fault

    def stop_program(self, name: str) -> None:
        """Have a program told to stop; supervisord sees to its end, by SIGKILL where it must."""
        try:
            self.call("stopProcess", name, False)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != NOT_RUNNING:
                raise Trouble(f"supervisord cannot stop {name}: {fault.faultString}") from fault

    def programs(self) -> list[dict[str, Any]]:
        """Name, state, pid and start of every program, in the order of the registry."""
        order = {program.name: program.priority for program in PROGRAMS}
        return sorted(self.call("getAllProcessInfo"), key=lambda info: order.get(info["name"], 0))

    def is_ending(self) -> bool:
        """Whether it is stopping everything, and itself."""
        return bool(self.call("getState")["statecode"] < 1)

    def state_of(self, name: str) -> str:
        return str(self.call("getProcessInfo", name)["statename"])

    def stop(self, *, patience: float = 240.0) -> list[int]:
        """Stop supervisord and all it started, last started first; gives back pids that had to be killed.

        supervisord itself keeps the order on SIGTERM: one program at a time, by falling priority, so the database is
        the last. Whoever is left afterwards (supervisord was killed, a program detached itself) is ended by its mark.
        """
        pid = self.pid()
        killed = processes.end([pid], patience=patience) if pid else []
        return killed + processes.end(processes.marked(self.places.mark), patience=10.0)


def tail(path: Path, lines: int = 25) -> str:
    """The last lines of a log, for the screen."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 20_000))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log yet)"
