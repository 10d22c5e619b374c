"""Children of a test: what they print can be waited for; a database door that can be shut in their faces."""

import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

PATIENCE = 40.0


class Child:
    """A Python module running as a process, its output collected line by line."""

    def __init__(self, module: str, environment: dict[str, str], *arguments: str) -> None:
        self.lines: list[str] = []
        self._news = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def wait_for(self, text: str, *, after: int = 0) -> int:
        """Wait until a line beyond the first `after` holds the text; the number of lines up to and with it."""

        def found() -> int:
            return next((n + 1 for n, line in enumerate(self.lines) if n >= after and text in line), 0)

        with self._news:
            assert self._news.wait_for(found, PATIENCE), f"no {text!r} in:\n{self.text}"
            return found()

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ends(self) -> int:
        """Wait for the end; the exit code."""
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.ends()


class Door:
    """A socket in front of the database's, which can be shut: to those behind it the server is away."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._folder = Path(tempfile.mkdtemp(prefix="door-"))
        self.path = str(self._folder / "s")
        self._open = threading.Event()
        self._ends: list[socket.socket] = []
        self._listener: socket.socket | None = None

    def open(self) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen()
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def shut(self) -> None:
        """Nobody gets in, and those inside are thrown out."""
        if self._listener:
            Path(self.path).unlink()
            _hang_up(self._listener)
            self._listener.close()
            for end in self._ends:
                _hang_up(end)
            self._listener, self._ends = None, []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.shut()
        shutil.rmtree(self._folder)

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._target)
            self._ends += [client, server]
            threading.Thread(target=self._carry, args=(client, server), daemon=True).start()

    @staticmethod
    def _carry(client: socket.socket, server: socket.socket) -> None:
        other = {client: server, server: client}
        try:
            while True:
                for end in select.select([client, server], [], [], PATIENCE)[0]:
                    if not (piece := end.recv(65536)):
                        return
                    other[end].sendall(piece)
        except OSError:
            return
        finally:
            _hang_up(client)
            _hang_up(server)
            client.close()
            server.close()


def _hang_up(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        end.close()


def eventually(condition: Callable[[], object], *, every: float = 0.05) -> None:
    """Wait until the condition is true."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(every)
