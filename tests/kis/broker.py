"""A broker for the tests of the clients: it gives the answers that were prepared and keeps what it was asked."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from stockdesk.kis.orderbook import BookClient
from stockdesk.kis.orders import OrderClient
from stockdesk.kis.rest import KisClient

APP_KEY = "PS" + "k" * 34
APP_SECRET = "s" * 179 + "="
TOKEN = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzUxMiJ9.c3ludGhldGlj.c2FtcGxl"
APPROVAL = "5a1e0000-0000-4000-8000-00000000cafe"
ACCOUNT = "50001234-01"
SECRETS = (APP_KEY, APP_SECRET, TOKEN, APPROVAL, "50001234")
SAMPLES = Path(__file__).parent / "samples"


class Sample:
    """A call as KIS answers it, from its documentation: ``answer``, and what has to be asked for it."""

    def __init__(self, name: str) -> None:
        whole = json.loads((SAMPLES / f"{name}.json").read_text())
        self.request: dict[str, Any] = whole["request"]
        self._response: dict[str, Any] = whole["response"]

    @property
    def body(self) -> dict[str, Any]:
        """The body of the answer, to be changed at will."""
        return json.loads(json.dumps(self._response["body"]))

    @property
    def answer(self) -> httpx.Response:
        return self.with_body(self.body)

    def with_body(self, body: Any, **headers: str) -> httpx.Response:
        """The same answer with another body."""
        return httpx.Response(self._response["status"], headers=self._response["headers"] | headers, json=body)


def order_row(number: int, **changes: Any) -> dict[str, Any]:
    """An order in the list of the day (inquire-daily-ccld)."""
    return Sample("inquire_daily_ccld").body["output1"][2] | {"odno": f"{number:010}"} | changes


def good(**fields: Any) -> httpx.Response:
    return httpx.Response(
        200, json={**fields, "rt_cd": "0", "msg_cd": "MCA00000", "msg1": "정상처리 되었습니다.".ljust(80)}
    )


def bad(code: str, text: str = "안됩니다", status: int = 500, rt_cd: str = "1") -> httpx.Response:
    return httpx.Response(status, json={"rt_cd": rt_cd, "msg_cd": code, "msg1": text})


def token_answer(**changes: Any) -> httpx.Response:
    fields = {
        "access_token": TOKEN,
        "access_token_token_expired": "2026-11-19 08:20:00",
        "token_type": "Bearer",
        "expires_in": 86400,
    }
    return httpx.Response(200, json=fields | changes)


class Tokens:
    """A store that remembers what was asked of it."""

    def __init__(self) -> None:
        self.value: str | None = TOKEN
        self.rejected: list[str] = []

    async def get(self, issue: Callable[[], Any]) -> str:
        if self.value is None:
            self.value = (await issue()).value
        return self.value

    async def reject(self, token: str) -> None:
        self.rejected.append(token)
        self.value = None


class Budget:
    """A budget that keeps a list."""

    def __init__(self) -> None:
        self.lanes: list[str] = []
        self.slowed = 0

    async def reserve(self, lane: str) -> None:
        self.lanes.append(lane)

    async def slow_down(self) -> None:
        self.slowed += 1


class Broker:
    """Gives the prepared answers one after the other, the last one for ever, and keeps the requests."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.requests: list[httpx.Request] = []
        self.tokens = Tokens()
        self.budget = Budget()
        self.pauses: list[float] = []
        self.now = datetime(2026, 11, 18, 5, 30, tzinfo=UTC)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        if callable(answer):
            return await answer(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    def client(self, *answers: Any, **options: Any) -> KisClient:
        return self._made(KisClient, answers, options)

    def orders(self, *answers: Any, **options: Any) -> OrderClient:
        return self._made(OrderClient, answers, options)

    def books(self, *answers: Any, **options: Any) -> BookClient:
        return self._made(BookClient, answers, options)

    def _made(self, kind: Callable[..., Any], answers: tuple[Any, ...], options: dict[str, Any]) -> Any:
        self.answers = list(answers)

        async def sleep(seconds: float) -> None:
            self.pauses.append(seconds)

        return kind(
            "https://broker.test:9443", APP_KEY, APP_SECRET, account=ACCOUNT, tokens=self.tokens, budget=self.budget,
            transport=httpx.MockTransport(self), sleep=sleep, jitter=lambda: 0.5, now=lambda: self.now, **options,
        )  # fmt: skip


def body_of(request: httpx.Request) -> dict[str, str]:
    return json.loads(request.content)


def page(sample: Sample, rows: Any, key: str = "", more: str = "D", **changes: Any) -> httpx.Response:
    """An answer of the sample's call with other rows, and with a key for the next page."""
    name = "output" if "output" in sample.body else "output1"
    context = {"ctx_area_fk100": "50001234!^01".ljust(100), "ctx_area_nk100": key.ljust(100)}
    return sample.with_body(sample.body | {name: rows, "msg_cd": "MCA00000"} | context | changes, tr_cont=more)
