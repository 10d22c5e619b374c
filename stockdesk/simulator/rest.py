"""The REST side: the door (/oauth2), the gateway's checks, and the calls it passes on."""

import asyncio
import json
import time
from collections.abc import Mapping

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from stockdesk.simulator.asking import Asking
from stockdesk.simulator.ceiling import Ceiling
from stockdesk.simulator.credentials import CredentialError, Credentials, KnownKey
from stockdesk.simulator.exchange import Exchange
from stockdesk.simulator.ledger import Ledger
from stockdesk.simulator.mishaps import Mishaps
from stockdesk.simulator.options import Options
from stockdesk.simulator.outbox import Outbox
from stockdesk.simulator.posts import Post, Posts
from stockdesk.simulator.responses import (
    Answer,
    CutReply,
    DrippingReply,
    Letterhead,
    NoReply,
    Reply,
    json_bytes,
    refused,
    refused_at_the_door,
)
from stockdesk.simulator.tr import CALLS, Market
from stockdesk.simulator.trading_tr import NO_SUCH_ID, ORDER_CASH, ORDER_PATHS, TRADING_CALLS, real_id, trading_answer

OVER_LIMIT = "초당 거래건수를 초과하였습니다."
HTML = "<!DOCTYPE html><html><head><title>점검 안내</title></head><body>시스템 점검 중입니다.</body></html>"
UNKNOWN_PATHS_KEPT = 100

# mishap: the answer it puts in place of the call
REFUSALS = {
    "over-limit": refused("EGW00201", OVER_LIMIT),
    "over-limit-200": refused("EGW00201", OVER_LIMIT, status=200),
    "ledger-limit": refused("EGW00215", OVER_LIMIT),
    "token-dead": refused("EGW00123", "기간이 만료된 token 입니다."),
    "server-error": refused("EGW00002", "서버 에러가 발생했습니다."),
}


class Gateway:
    """Answers every KIS path; knows nothing of HTTP beyond request and reply."""

    def __init__(
        self,
        exchange: Exchange,
        outbox: Outbox,
        posts: Posts,
        credentials: Credentials,
        ledger: Ledger,
        mishaps: Mishaps,
        options: Options,
    ) -> None:
        self.exchange = exchange
        self.outbox = outbox
        self.posts = posts
        self.market = Market(exchange.prices, exchange.hours, options)
        self.credentials = credentials
        self.ledger = ledger
        self.mishaps = mishaps
        self.options = options
        self.ceiling = Ceiling()
        self.approvals = Ceiling()
        self.ledger_ceiling = Ceiling()

    # the door

    async def token(self, request: Request) -> Response:
        """POST /oauth2/tokenP"""
        body = await read_json(request)
        known = None
        try:
            known = self._at_the_door(body, "appsecret")
            answer = self._issue(known)
        except CredentialError as exc:
            answer = refused_at_the_door(exc.code, exc.text)
        return await self._reply(known, "tokenP", answer)

    def _issue(self, known: KnownKey) -> Answer:
        self.ledger.call(known.id, "tokenP")
        if not self.ceiling.allows(known.id, self.options.calls_per_second):
            return refused("EGW00201", OVER_LIMIT)
        if self.mishaps.strikes("token-refused", known.id):
            raise CredentialError("EGW00133", "접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)")
        token = self.credentials.issue_token(known, self.options.token_seconds)
        self.ledger.token_issued(known.id)
        left = self.credentials.seconds_left(token)
        return Answer(
            {
                "access_token": token.text,
                "access_token_token_expired": self.credentials.expires_at(token).strftime("%Y-%m-%d %H:%M:%S"),
                "token_type": "Bearer",
                "expires_in": left,
            }
        )

    async def revoke(self, request: Request) -> Response:
        """POST /oauth2/revokeP"""
        body = await read_json(request)
        known = None
        try:
            known = self._at_the_door(body, "appsecret")
            self.credentials.revoke(known, str(body.get("token", "")))
            answer = Answer({"code": 200, "message": "접근토큰 폐기에 성공하였습니다"})
        except CredentialError as exc:
            answer = refused_at_the_door(exc.code, exc.text)
        return await self._reply(known, "revokeP", answer)

    async def approval(self, request: Request) -> Response:
        """POST /oauth2/Approval; the secret's field is called secretkey here."""
        body = await read_json(request)
        known = None
        try:
            known = self._at_the_door(body, "secretkey")
            most = self.options.approvals_per_second
            if most and not self.approvals.allows(known.id, most):
                answer = refused("EGW00201", OVER_LIMIT)
            else:
                answer = Answer({"approval_key": self.credentials.approve(known)})
        except CredentialError as exc:
            answer = refused_at_the_door(exc.code, exc.text)
        return await self._reply(known, "Approval", answer)

    def _at_the_door(self, body: Mapping[str, object], secret: str) -> KnownKey:
        grant = body.get("grant_type")
        if grant not in (None, "client_credentials"):
            raise CredentialError("EGW00116", "지원하지 않는 grant_type 입니다.")
        return self.credentials.check_key(str(body.get("appkey") or ""), str(body.get(secret) or ""))

    # the calls

    async def call(self, request: Request) -> Response:
        """Anything under /uapi: key, ceiling, token, then the TR itself."""
        arrived = time.time(), time.monotonic()
        headers, path = request.headers, request.url.path
        tr_id = headers.get("tr_id", "").strip()
        name = "hashkey" if path == "/uapi/hashkey" else tr_id
        body = await read_json(request) if request.method == "POST" else {}
        known = post = None
        try:
            known = self.credentials.check_key(headers.get("appkey", ""), headers.get("appsecret", ""))
            if request.method == "POST" and path in ORDER_PATHS:
                post = self.posts.arrived(*arrived, known.id, tr_id, path == ORDER_CASH, body)
            self.ledger.call(known.id, name)
            answer = self._refusal(known, name) or self._pass_on(request, body, known, tr_id, post)
        except CredentialError as exc:
            answer = refused(exc.code, exc.text)
        if post is not None:
            post.code = post.code or answer.code
            if switch := self.mishaps.strikes("notices-early", known.id if known else None, name):
                self.outbox.flush()
                await asyncio.sleep(0.3 if switch.value is None else float(switch.value))
        return await self._reply(known, name, answer, headline=tr_id)

    def _refusal(self, known: KnownKey, name: str) -> Answer | None:
        """The ceiling's or a mishap's refusal; such a call is not done."""
        if not self.ceiling.allows(known.id, self.options.calls_per_second):
            return REFUSALS["over-limit"]
        for mishap, answer in REFUSALS.items():
            if self.mishaps.strikes(mishap, known.id, name):
                return answer
        return None

    def _pass_on(
        self, request: Request, body: Mapping[str, object], known: KnownKey, tr_id: str, post: Post | None
    ) -> Answer:
        path = request.url.path
        if path == "/uapi/hashkey":
            return Answer({"JsonBody": body, "HASH": self.credentials.hash_of(body)})
        self.credentials.check_token(request.headers.get("authorization", ""), known)
        if (request.method, path) in TRADING_CALLS:
            return self._trade(request, body, known, tr_id, post)
        call = CALLS.get((request.method, path))
        if call is None:
            self._unknown(f"{request.method} {path}")
            return refused("EGW00202", "GW라우팅 중 오류가 발생했습니다.")
        if tr_id not in call.tr_ids:
            return refused("OPSQ9999", "유효하지 않은 tr_id 입니다.")
        if self.options.mock and not call.in_mock:
            return refused("EGW02006", "모의투자 TR 이 아닙니다.")
        query = {name.upper(): value for name, value in request.query_params.items()}
        return call.answer(self.market, query)

    def _trade(
        self, request: Request, body: Mapping[str, object], known: KnownKey, tr_id: str, post: Post | None
    ) -> Answer:
        """A call about orders or the account."""
        call = TRADING_CALLS[request.method, request.url.path]
        real = real_id(call, tr_id)
        if real is None:
            return NO_SUCH_ID
        most = self.options.ledger_calls_per_second
        if most and not self.ledger_ceiling.allows(known.id, most):
            return REFUSALS["ledger-limit"]
        given = body if request.method == "POST" else request.query_params
        asking = Asking(
            exchange=self.exchange,
            key=known.id,
            tr_id=real,
            mock=real != tr_id,
            continued=request.headers.get("tr_cont", "").strip() == "N",
            fields={name.upper(): str(value) for name, value in given.items()},
            post=post,
        )
        return trading_answer(call, asking, self.options.mock)

    def _unknown(self, path: str) -> None:
        paths = self.ledger.unknown_paths
        if path in paths or len(paths) < UNKNOWN_PATHS_KEPT:
            paths[path] += 1

    # the way out

    async def _reply(self, known: KnownKey | None, name: str, answer: Answer, headline: str = "") -> Response:
        """The answer as it leaves the house, after the mishaps that concern answers."""
        key = known.id if known else None
        if answer.code.startswith("EGW"):
            self.ledger.refused(key or "unknown", answer.code)
        if answer.lost:
            return NoReply()
        letter = Letterhead(self.options.now(), headline, tr_cont=answer.tr_cont)
        return await self._send(key, name, json_bytes(answer.body), answer.status, letter)

    async def _send(self, key: str | None, name: str, body: bytes, status: int, letter: Letterhead) -> Response:
        if not self.mishaps.on:
            return Reply(body, status, letter.names())
        strikes = self.mishaps.strikes
        if switch := strikes("slow", key, name):
            await asyncio.sleep(5.0 if switch.value is None else float(switch.value))
        if strikes("no-answer", key, name):
            return NoReply()
        if switch := strikes("wrong-date", key, name):
            letter.date_offset = 600.0 if switch.value is None else float(switch.value)
        if switch := strikes("html-body", key, name):
            letter.content_type, body, status = "text/html; charset=utf-8", HTML.encode(), int(switch.value or 200)
        elif strikes("empty-body", key, name):
            body, status = b"", 200
        if strikes("cut-body", key, name):
            return CutReply(body, status, letter.names())
        if switch := strikes("drip", key, name):
            return DrippingReply(body, status, letter.names(), 0.5 if switch.value is None else float(switch.value))
        return Reply(body, status, letter.names())


async def read_json(request: Request) -> dict[str, object]:
    """The JSON object of a request; anything else is as good as an empty one."""
    try:
        body = json.loads(await request.body())
    except (ValueError, ClientDisconnect):
        return {}
    return body if isinstance(body, dict) else {}
