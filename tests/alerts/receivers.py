"""Receivers on this machine: a webhook that keeps what it is sent, and a mail server that takes everything."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Webhook:
    """What arrived, oldest first; ``status`` is what it answers with."""

    port: int
    messages: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    status: int = 200
    hold: threading.Event | None = None

    @property
    def titles(self) -> list[str]:
        return [message["title"] for message in self.messages]

    def url(self, path: str = "hook-3f9c1d77") -> str:
        return f"json://127.0.0.1:{self.port}/{path}"


@contextmanager
def webhook() -> Iterator[Webhook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if kept.hold is not None:
                kept.hold.wait(10)
            if kept.status == 200:
                kept.messages.append(message)
            self.answer()

        def do_GET(self) -> None:
            kept.asked.append(self.path)
            self.answer()

        def answer(self) -> None:
            self.send_response(kept.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Not on the test's output."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        kept = Webhook(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield kept
        server.shutdown()


@dataclass
class MailBox:
    port: int
    mails: list[tuple[str, str]] = field(default_factory=list)
    """Subject and text."""


@contextmanager
def mail_box() -> Iterator[MailBox]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 here")
            while line := self.rfile.readline():
                word = line[:4].upper()
                if word == b"QUIT":
                    return self.say("221 bye")
                if word == b"DATA":
                    self.say("354 go on")
                    self.take()
                self.say("250 ok")
            return None

        def take(self) -> None:
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line)
            mail = message_from_bytes(b"".join(lines), policy=policy.default)
            part = mail.get_body(preferencelist=("plain", "html"))
            box.mails.append((str(mail["Subject"]), part.get_content() if part is not None else ""))

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        box = MailBox(server.server_address[1])
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield box
        server.shutdown()
