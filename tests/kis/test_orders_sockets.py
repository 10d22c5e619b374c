"""Orders over real sockets, against a server that breaks off where it is told to.

It counts the bytes and the requests that reached it: whatever breaks, one POST at most, and the error says which.
"""

import asyncio
import json
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from stockdesk.kis.errors import KisError, NotSent, OutcomeUnknown
from stockdesk.kis.messages import OrderRequest
from stockdesk.kis.orders import OrderClient
from tests.kis.broker import ACCOUNT, APP_KEY, APP_SECRET, Budget, Sample, Tokens, good

BUY = OrderRequest("010101", "buy", 5, 69_800)
ANSWER = Sample("order_cash_buy_real").answer.content
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
WHOLE = HEAD % len(ANSWER) + ANSWER

Deed = Callable[["Line"], Awaitable[None]]


@pytest.fixture(autouse=True)
def _slow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ends of a line share this process: where others have the cores, it opens later than a broker's would."""
    monkeypatch.setattr("stockdesk.kis.orders.CONNECT_SECONDS", 3.0)


class Line:
    """One connection to the server."""

    def __init__(self, server: "Server", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server, self.reader, self.writer = server, reader, writer

    async def request(self) -> str:
        """Read one whole request and note it; its first line."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        length = next((line for line in head.lower().splitlines() if line.startswith("content-length")), ":0")
        await self.reader.readexactly(int(length.partition(":")[2]))
        self.server.requests.append(head.splitlines()[0])
        return head.splitlines()[0]

    async def say(self, text: bytes) -> None:
        self.writer.write(text)
        await self.writer.drain()

    def reset(self) -> None:
        """RST instead of FIN."""
        raw: socket.socket = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class Server:
    """Does its deed on every connection and then hangs up."""

    def __init__(self, deed: Deed) -> None:
        self.deed = deed
        self.requests: list[str] = []
        self.connections = 0
        self.url = ""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self.deed(Line(self, reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    @property
    def posts(self) -> int:
        return sum(line.startswith("POST") for line in self.requests)


@asynccontextmanager
async def serving(deed: Deed) -> AsyncIterator[Server]:
    server = Server(deed)
    listening = await asyncio.start_server(server, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()


@asynccontextmanager
async def client_of(url: str, **options: Any) -> AsyncIterator[OrderClient]:
    async def no_pause(_seconds: float) -> None:
        return None

    client = OrderClient(
        url, APP_KEY, APP_SECRET, account=ACCOUNT, tokens=Tokens(), budget=Budget(), sleep=no_pause, **options
    )
    try:
        yield client
    finally:
        await client.aclose()


async def hang_up_before_reading(line: Line) -> None:
    return None


async def reset_before_reading(line: Line) -> None:
    line.reset()


async def hang_up_after_half(line: Line) -> None:
    await line.reader.readexactly(200)
    line.reset()


async def hang_up_after_all(line: Line) -> None:
    await line.request()


async def reset_after_all(line: Line) -> None:
    await line.request()
    line.reset()


async def half_the_head(line: Line) -> None:
    await line.request()
    await line.say(b"HTTP/1.1 200 OK\r\nContent-Ty")


async def half_the_body(line: Line) -> None:
    await line.request()
    await line.say(WHOLE[: -len(ANSWER) // 2])


async def half_the_body_without_a_length(line: Line) -> None:
    await line.request()
    await line.say(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + ANSWER[: len(ANSWER) // 2])


async def no_http_at_all(line: Line) -> None:
    await line.request()
    await line.say(b"\x16\x03\x01 what is this\r\n\r\n")


async def a_good_word_that_was_not_asked_for(line: Line) -> None:
    """An answer without the request having been read: it proves nothing less than any other answer."""
    await line.say(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")


async def a_redirect(line: Line) -> None:
    await line.request()
    await line.say(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize(
    ("deed", "read"),
    [
        (hang_up_before_reading, 0),
        (reset_before_reading, 0),
        (hang_up_after_half, 0),
        (a_good_word_that_was_not_asked_for, 0),
        (hang_up_after_all, 1),
        (reset_after_all, 1),
        (half_the_head, 1),
        (half_the_body, 1),
        (half_the_body_without_a_length, 1),
        (no_http_at_all, 1),
        (a_redirect, 1),
    ],
)
async def test_a_connection_that_breaks_leaves_one_post_and_an_unknown_outcome(deed, read):
    async with serving(deed) as server, client_of(server.url) as client:
        with pytest.raises(OutcomeUnknown):
            await client.place(BUY)
        assert (server.connections, server.posts) == (1, read)


async def test_an_answer_that_drips_beyond_the_deadline_is_given_up():
    given_up = asyncio.Event()

    async def drip(line: Line) -> None:
        await line.request()
        await line.say(HEAD % len(ANSWER))
        try:
            for byte in ANSWER:
                # No single pause is long enough for a limit on each step to notice.
                await line.say(bytes([byte]))
                await asyncio.sleep(0.05)
        except ConnectionError:
            given_up.set()

    async with serving(drip) as server, client_of(server.url, deadline=0.5) as client:
        began = asyncio.get_running_loop().time()
        with pytest.raises(OutcomeUnknown, match=r"no answer within 0\.5 s"):
            await client.place(BUY)
        assert asyncio.get_running_loop().time() - began < 5
        await asyncio.wait_for(given_up.wait(), 10)
        assert (server.connections, server.posts) == (1, 1)


async def test_a_server_that_never_answers_is_given_up_at_the_deadline():
    async def nothing(line: Line) -> None:
        await line.request()
        await line.reader.read()  # until the client hangs up

    async with serving(nothing) as server, client_of(server.url, deadline=0.3) as client:
        with pytest.raises(OutcomeUnknown):
            await client.place(BUY)
        assert (server.connections, server.posts) == (1, 1)


async def test_an_answer_that_drips_within_the_deadline_is_an_answer():
    async def drip(line: Line) -> None:
        await line.request()
        for start in range(0, len(WHOLE), 20):
            await line.say(WHOLE[start : start + 20])
            await asyncio.sleep(0)

    async with serving(drip) as server, client_of(server.url) as client:
        assert (await client.place(BUY)).order_no == "0000011112"
        assert server.posts == 1


async def test_every_order_has_a_connection_of_its_own_while_reads_share_one():
    nothing = good(output=[], ctx_area_nk100="").content

    async def answer_all(line: Line) -> None:
        while True:
            body = ANSWER if (await line.request()).startswith("POST") else nothing
            await line.say(HEAD % len(body) + body)

    async with serving(answer_all) as server, client_of(server.url) as client:
        for _ in range(3):
            assert await client.open_orders() == []
        assert server.connections == 1
        for _ in range(3):
            await client.place(BUY)
        await client.cancel("11112", "91252")
        assert (server.connections, server.posts) == (5, 4)


async def test_a_broker_that_goes_away_between_two_orders_got_nothing_of_the_second():
    """On a kept connection the second would be written into a line that is already dead."""

    async def answer_once(line: Line) -> None:
        await line.request()
        await line.say(WHOLE)
        listening.close()

    server = Server(answer_once)
    listening = await asyncio.start_server(server, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with client_of(url) as client:
        await client.place(BUY)
        with pytest.raises(NotSent):
            await client.place(BUY)
    assert server.posts == 1


async def outcome(url: str, **options: Any) -> type[KisError]:
    async with client_of(url, **options) as client:
        with pytest.raises(KisError) as caught:
            await client.place(BUY)
    return type(caught.value)


async def test_nobody_listening_and_no_such_host_are_not_sent():
    with socket.socket() as taken:  # bound and not listening
        taken.bind(("127.0.0.1", 0))
        assert await outcome(f"http://127.0.0.1:{taken.getsockname()[1]}") is NotSent
    assert await outcome("http://no-such-host.invalid") is NotSent


async def test_a_server_that_accepts_nobody_is_not_sent_to():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = []
        try:
            for _ in range(4):  # what the kernel would queue for it
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(full.getsockname())
                fillers.append(filler)
            assert await outcome(f"http://127.0.0.1:{full.getsockname()[1]}", deadline=5) is NotSent
        finally:
            for filler in fillers:
                filler.close()


def test_a_line_that_is_reset_while_it_opens_is_an_error_of_ours_and_not_the_end_of_the_daemon():
    """Some of them are found without a socket by uvloop, on which the daemons run: that once came out as a bug."""
    said = set()

    async def try_often(url: str) -> None:
        async with client_of(url) as client:
            for _ in range(300):
                with pytest.raises(KisError) as caught:
                    await client.inquire_price(BUY.symbol)
                said.add(type(caught.value))

    with socket.create_server(("127.0.0.1", 0), backlog=100) as door:
        slammer = threading.Thread(target=slam, args=(door,))
        slammer.start()
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(try_often(f"http://127.0.0.1:{door.getsockname()[1]}"))
        finally:
            door.shutdown(socket.SHUT_RDWR)
            slammer.join()
    assert said <= {NotSent, OutcomeUnknown}


def slam(door: socket.socket) -> None:
    """Reset whoever comes, at once, from a thread of its own: the other side is still opening the line."""
    while True:
        try:
            line, _ = door.accept()
        except OSError:
            return
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.close()


async def hang_up(line: Line) -> None:
    await line.reader.read(100)


async def stay_silent(line: Line) -> None:
    await line.reader.read()
    await line.reader.read()


async def plain_http(line: Line) -> None:
    await line.reader.read(100)
    await line.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize("deed", [hang_up_before_reading, hang_up, reset_before_reading, plain_http, stay_silent])
async def test_a_handshake_that_fails_has_carried_no_order(deed):
    async with serving(deed) as server:
        assert await outcome(server.url.replace("http://", "https://")) is NotSent
        assert server.posts == 0


async def test_a_certificate_that_is_not_trusted_gets_no_order(tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*own_certificate(tmp_path))
    server = Server(hang_up_after_all)
    listening = await asyncio.start_server(server, "127.0.0.1", 0, ssl=context)
    port = listening.sockets[0].getsockname()[1]
    assert await outcome(f"https://127.0.0.1:{port}") is NotSent
    assert server.posts == 0
    listening.close()


def own_certificate(folder: Path) -> tuple[str, str]:
    """A certificate that nobody signed, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    day = now + timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, day)
    shown = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    kept = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "cert.pem").write_bytes(shown)
    (folder / "key.pem").write_bytes(kept)
    return str(folder / "cert.pem"), str(folder / "key.pem")


def test_the_answer_of_these_tests_is_a_good_one():
    assert json.loads(ANSWER)["rt_cd"] == "0"
