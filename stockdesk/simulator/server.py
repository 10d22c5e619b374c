"""The whole stand-in: both listening sockets, the market behind them, and a clean end."""

import asyncio
import contextlib
import logging
import signal
import socket

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState
from websockets.asyncio.server import Server as SocketServer
from websockets.asyncio.server import serve

from stockdesk.simulator.control import Control
from stockdesk.simulator.control_api import routes
from stockdesk.simulator.credentials import Credentials
from stockdesk.simulator.exchange import Exchange
from stockdesk.simulator.hub import Hub
from stockdesk.simulator.ledger import Ledger
from stockdesk.simulator.mishaps import Mishaps
from stockdesk.simulator.options import Options
from stockdesk.simulator.outbox import Outbox
from stockdesk.simulator.posts import Posts
from stockdesk.simulator.prices import Prices
from stockdesk.simulator.pump import Pump
from stockdesk.simulator.rest import Gateway
from stockdesk.simulator.sessions import SessionConnection
from stockdesk.simulator.sources.doors import source_routes
from stockdesk.simulator.world import World

LOOPBACK = "127.0.0.1"
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"]

logger = logging.getLogger(__name__)


class HttpProtocol(H11Protocol):
    """h11, because it keeps the spelling of header names; hands its transport to mishaps that cut answers short."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)


class Simulator:
    """One KIS stand-in in the running event loop. ``async with`` starts and stops it."""

    control: Control
    market: asyncio.Task[None]  # ends only by an error, which leaving the block raises
    rest_url: str
    ws_url: str

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self.world = World(self.options.seed, self.options.symbols)
        self.prices = Prices(self.world)
        self.mishaps = Mishaps(self.options.seed)
        self.ledger = Ledger(self.options.now)
        self.credentials = Credentials(self.options.now)
        self.hub = Hub(self.world, self.credentials, self.ledger, self.mishaps, self.options)
        self.outbox = Outbox(self.hub.send_notice, self.prices, self.mishaps, self.options)
        self.posts = Posts()
        self.exchange = Exchange(self.prices, self.mishaps, self.options, self.outbox.put, self.hub.shuffle)
        self.pump = Pump(self.hub, self.exchange, self.prices, self.mishaps, self.options)
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> "Simulator":
        """Listen on both ports; OSError when one is taken."""
        async with contextlib.AsyncExitStack() as stack:
            rest = stack.enter_context(_listen(self.options.rest_port))
            ws = stack.enter_context(_listen(self.options.ws_port))
            self.rest_url = f"http://{LOOPBACK}:{rest.getsockname()[1]}"
            self.ws_url = f"ws://{LOOPBACK}:{ws.getsockname()[1]}"
            self.control = Control(self.hub, self.exchange, self.posts, self.pump, self.mishaps, self.options)
            await self._serve_rest(stack, rest)
            await self._serve_sockets(stack, ws)
            self.market = asyncio.create_task(self.pump.run())
            stack.push_async_callback(_cancel, self.market)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()

    async def _serve_rest(self, stack: contextlib.AsyncExitStack, listener: socket.socket) -> None:
        gateway = Gateway(
            self.exchange, self.outbox, self.posts, self.credentials, self.ledger, self.mishaps, self.options
        )
        app = Starlette(
            routes=[
                Route("/oauth2/tokenP", gateway.token, methods=["POST"]),
                Route("/oauth2/revokeP", gateway.revoke, methods=["POST"]),
                Route("/oauth2/Approval", gateway.approval, methods=["POST"]),
                Route("/common/master/{file}", gateway.master),
                *routes(self.control),
                *source_routes(self.world, self.options, self.mishaps, self.ledger, gateway._send),
                Route("/{path:path}", gateway.call, methods=METHODS),
            ]
        )
        config = uvicorn.Config(
            app,
            http=HttpProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            timeout_keep_alive=60,
        )
        config.load()
        # Not uvicorn.Server: it would take the signals and put its own small-letter headers on every answer.
        state = ServerState()
        server = await asyncio.get_running_loop().create_server(
            lambda: HttpProtocol(config=config, server_state=state, app_state={}), sock=listener
        )

        async def stop() -> None:
            server.close()
            for connection in list(state.connections):
                connection.shutdown()
            for task in list(state.tasks):
                task.cancel()
            await asyncio.gather(*state.tasks, return_exceptions=True)

        stack.push_async_callback(stop)

    async def _serve_sockets(self, stack: contextlib.AsyncExitStack, listener: socket.socket) -> None:
        quiet = logging.getLogger(f"{__name__}.ws")
        quiet.setLevel(logging.CRITICAL)  # handshakes that we break ourselves are no errors
        server: SocketServer = await serve(
            self.hub.serve,
            sock=listener,
            process_request=self.hub.before_handshake,
            create_connection=SessionConnection,
            compression=None,
            ping_interval=None,
            close_timeout=1,
            server_header=None,
            logger=quiet,
        )

        async def stop() -> None:
            server.close(close_connections=False)
            await self.hub.close()
            await server.wait_closed()

        stack.push_async_callback(stop)


def _listen(port: int) -> socket.socket:
    return socket.create_server((LOOPBACK, port), backlog=512)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def serve_until_stopped(options: Options) -> None:
    """Serve until SIGTERM or SIGINT, then end cleanly."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with Simulator(options) as simulator:
        flavour = "mock" if options.mock else "real"
        print(
            f"simulator ({flavour}): REST {simulator.rest_url}, WebSocket {simulator.ws_url}, "
            f"{len(simulator.world)} symbols, {options.ticks_per_second:g} ticks/s",
            flush=True,
        )
        stopped = asyncio.create_task(stopping.wait())
        await asyncio.wait({stopped, simulator.market}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()


def run(options: Options) -> int:
    """Run in this thread on uvloop; the exit code."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve_until_stopped(options))
    except OSError as exc:
        print(f"simulator: cannot listen on {options.rest_port} and {options.ws_port}: {exc.strerror}", flush=True)
        return 1
    return 0
