"""The control API under /_simulator/: JSON over the same loopback port as REST."""

import inspect
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from stockdesk.simulator.control import ACTIONS, Control
from stockdesk.simulator.rest import read_json

PREFIX = "/_simulator"


def routes(control: Control) -> list[Route]:
    async def state(request: Request) -> Response:
        return _json(request, control.state)

    async def seen(request: Request) -> Response:
        wanted = request.query_params.get("arrivals", "1000")
        return _json(request, lambda: control.seen(arrivals=int(wanted)))

    async def posts(request: Request) -> Response:
        wanted = request.query_params.get("last", "1000")
        return _json(request, lambda: control.posts_seen(last=int(wanted)))

    async def orders(request: Request) -> Response:
        return _json(request, control.orders, request.query_params.get("key"))

    async def fills(request: Request) -> Response:
        return _json(request, control.fills, request.query_params.get("key"))

    async def accounts(request: Request) -> Response:
        return _json(request, control.accounts)

    async def instruments(request: Request) -> Response:
        world = control.prices.world
        rows = [
            {"symbol": i.symbol, "name": i.name, "market": i.market, "kind": i.kind, "base_price": i.base_price}
            for i in world
        ]
        return _json(request, lambda: rows)

    async def mishap(request: Request) -> Response:
        """POST switches on, DELETE off; the body may narrow it: count, seconds, key, tr_id, share, value."""
        name, given = request.path_params["name"], await read_json(request)
        if request.method == "DELETE":
            return _json(request, control.mishap_off, name, **given)
        return _json(request, control.mishap_on, name, **given)

    async def action(request: Request) -> Response:
        do = ACTIONS.get(request.path_params["name"])
        if do is None:
            return JSONResponse({"error": "no such action"}, 404)
        return _json(request, do, control, **await read_json(request))

    return [
        Route(f"{PREFIX}/", state),
        Route(f"{PREFIX}/seen", seen),
        Route(f"{PREFIX}/posts", posts),
        Route(f"{PREFIX}/orders", orders),
        Route(f"{PREFIX}/fills", fills),
        Route(f"{PREFIX}/accounts", accounts),
        Route(f"{PREFIX}/instruments", instruments),
        Route(f"{PREFIX}/mishaps/{{name}}", mishap, methods=["POST", "DELETE"]),
        Route(f"{PREFIX}/{{name}}", action, methods=["POST"]),
    ]


def _json(request: Request, do: Any, *args: Any, **given: Any) -> Response:
    """The result of ``do`` as JSON, or what was wrong with the request."""
    if "origin" in request.headers:  # a web page has no business here
        return JSONResponse({"error": "not for browsers"}, 403)
    try:
        inspect.signature(do).bind(*args, **given)
        result = do(*args, **given)
    except (TypeError, ValueError) as exc:
        return JSONResponse({"error": str(exc)}, 400)
    except KeyError as exc:
        return JSONResponse({"error": str(exc.args[0])}, 404)
    return JSONResponse({"ok": True} if result is None else result)
