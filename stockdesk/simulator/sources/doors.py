"""The addresses of the public sources on the REST port."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stockdesk.simulator.ledger import Ledger
from stockdesk.simulator.mishaps import Mishaps
from stockdesk.simulator.options import Options
from stockdesk.simulator.responses import Letterhead
from stockdesk.simulator.sources import dart, datagokr
from stockdesk.simulator.world import World

# key, name, body, status, letterhead
Send = Callable[[str | None, str, bytes, int, Letterhead], Awaitable[Response]]


def source_routes(world: World, options: Options, mishaps: Mishaps, ledger: Ledger, send: Send) -> list[Route]:
    """Routes of DART and data.go.kr; ``send`` lets the mishaps of every answer have their turn."""
    filings, prices = dart.Dart(world, options, mishaps), datagokr.DataGoKr(world, options, mishaps)

    async def ask_dart(request: Request) -> Response:
        endpoint = request.path_params["endpoint"]
        ledger.call(dart.NAME, endpoint)
        body, kind = filings.answer(endpoint, request.query_params)
        return await send(dart.NAME, dart.NAME, body, 200, Letterhead(options.now(), content_type=kind))

    async def ask_datagokr(request: Request) -> Response:
        service = request.path_params["service"]
        ledger.call(datagokr.NAME, service)
        status, body, kind = prices.answer(service, request.query_params)
        return await send(datagokr.NAME, datagokr.NAME, body, status, Letterhead(options.now(), content_type=kind))

    return [
        Route("/dart/api/{endpoint}", ask_dart),
        Route("/datagokr/1160100/service/{service:path}", ask_datagokr),
    ]
