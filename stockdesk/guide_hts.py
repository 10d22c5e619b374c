"""Whether KIS knows the HTS id: one short WebSocket session that asks for execution notices and leaves politely.

KIS answers a wrong id with OPSP0017, or drops the line without a word (kis 10.19). A connection counts like the desk's
own: the governor gives permission, and an answer is kept for ten minutes, so that the same id costs one.
"""

import asyncio
import contextlib
import hmac
import logging
import time
from hashlib import sha256
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError
from django.utils.translation import gettext as _
from websockets.exceptions import WebSocketException

from stockdesk.calls.governor import Governor, Permission
from stockdesk.calls.keys import key_id
from stockdesk.guide_typed import Check, Host, Typed
from stockdesk.kis.account import AccountClient
from stockdesk.kis.control import parse_control, subscribe_message
from stockdesk.kis.errors import FrameError, KisError
from stockdesk.kis.messages import ControlReply
from stockdesk.kis.wire import open_wire
from stockdesk.logs import redact

logger = logging.getLogger(__name__)

KEPT = 600.0
"""Seconds for which KIS's word about an id is good."""
IN_USE_KEPT = 60.0
"""Seconds for which a key that is in use is left alone: asking again soon makes KIS hold it longer."""
ANSWER_WITHIN = 10.0
PATIENCE = 15.0
"""Seconds for which the page waits for a permission to connect; who has to wait longer is told so."""
NO_SESSION = 0
"""The number under which the ledger of connects has this one: the desk's own sessions count from 1."""
WRONG_ID, IN_USE, LOST, SILENT, UNREACHABLE = "OPSP0017", "OPSP8996", "lost", "silent", "unreachable"

_told: dict[str, tuple[str, float]] = {}


async def look(typed: Typed, host: Host, client: AccountClient) -> Check:
    """KIS's word about the HTS id; ``client`` has a token already. Nothing is stored but that we connected."""
    if key_id(typed.app_key) in {key_id(pair.key) for pair in settings.DESK.app_keys}:
        told = _("The desk runs with this key: its own session tells. One key has one connection.")
        return Check("hts_id", "later", told)
    said, until = _told.get(_name(typed), ("", 0.0))
    if until > time.monotonic():
        return _judged(said)
    try:
        approval = await client.approval_key()
    except KisError as exc:
        why = " ".join(part for part in (exc.code, exc.text) if part)
        return _unknown(_("KIS gave no key for its price stream (%(why)s).") % {"why": why})
    redact(approval)
    return await _asked(typed, host, approval)


async def _asked(typed: Typed, host: Host, approval: str) -> Check:
    """The same from a connection of its own, where the governor allows one; how it ended is noted in any case."""
    governor = Governor(key_id(typed.app_key))
    try:
        permission = await _permission(governor)
    except DatabaseError as exc:  # by its number only, for its text may quote the data
        number = exc.args[0] if exc.args else "?"
        return _unknown(
            _("Nobody may connect while the desk's database fails: error %(number)s.") % {"number": number}
        )
    if permission.attempt_id is None:
        told = _("KIS blocks whoever connects too often, and this key did just now. Check again in %(seconds)d s.")
        return _unknown(told % {"seconds": int(permission.wait) + 1})
    outcome = "broken off"
    try:
        said = await ask(host, approval, typed.hts_id)
        outcome = said or "known"
    finally:
        await _note(governor, permission.attempt_id, f"guide: {outcome}")
    if kept := {"": KEPT, WRONG_ID: KEPT, IN_USE: IN_USE_KEPT}.get(said, 0.0):
        _told[_name(typed)] = (said, time.monotonic() + kept)
    return _judged(said)


async def _permission(governor: Governor) -> Permission:
    """The governor's yes, or its no after some seconds of waiting."""
    ends_at = time.monotonic() + PATIENCE
    while True:
        permission = await sync_to_async(governor.ask)(NO_SESSION)
        if permission.allowed or time.monotonic() + permission.wait > ends_at:
            return permission
        await asyncio.sleep(permission.wait)


async def _note(governor: Governor, attempt_id: int, outcome: str) -> None:
    """How the attempt ended, for the ledger; what KIS said holds without it, and the attempt is counted already."""
    try:
        await sync_to_async(governor.ended)(attempt_id, outcome)
    except DatabaseError as exc:
        logger.warning("the ledger of connects did not take %r: error %s", outcome, exc.args[0] if exc.args else "?")


async def ask(host: Host, approval: str, hts_id: str) -> str:
    """Register for execution notices (H0STCNI0, mock H0STCNI9) and leave. "" is a yes, else KIS's code or a word."""
    answered: asyncio.Future[ControlReply] = asyncio.get_running_loop().create_future()

    def heard(data: bytes) -> None:
        with contextlib.suppress(FrameError, UnicodeDecodeError):
            reply = parse_control(data.decode()) if data[:1] == b"{" else None
            if isinstance(reply, ControlReply) and not answered.done():
                answered.set_result(reply)

    tr_id = "H0STCNI9" if host.mock else "H0STCNI0"
    try:
        wire = await open_wire(host.ws_url, heard)
    except (OSError, TimeoutError, WebSocketException):
        return UNREACHABLE
    closed = asyncio.ensure_future(wire.wait_closed())
    either: list[asyncio.Future[Any]] = [answered, closed]
    try:
        await wire.send(subscribe_message(approval, tr_id, hts_id, register=True))
        await asyncio.wait(either, timeout=ANSWER_WITHIN, return_when=asyncio.FIRST_COMPLETED)
        if not answered.done():
            return LOST if closed.done() else SILENT
        if answered.result().ok:
            await wire.send(subscribe_message(approval, tr_id, hts_id, register=False))
    except WebSocketException:  # what KIS had said before the line went holds
        if not answered.done():
            return LOST
    finally:
        # With a close frame: KIS holds the slot of whoever just goes away.
        await wire.close()
        await closed
    reply = answered.result()
    return "" if reply.ok else reply.code


def _judged(said: str) -> Check:
    if not said:
        return Check("hts_id", "ok", _("KIS knows this HTS id: execution notices will come."))
    if said == WRONG_ID:
        told = _("KIS does not know this HTS id (OPSP0017). Write it as you log in to the HTS; capitals count.")
        return Check("hts_id", "bad", told)
    known = {
        IN_USE: _("This key is connected elsewhere (OPSP8996), and KIS allows one. End the other, wait a minute."),
        LOST: _("KIS hung up without an answer, as it may for an HTS id it does not know. Look at its capitals."),
        SILENT: _("KIS did not answer."),
        UNREACHABLE: _("KIS's price stream cannot be reached from this machine. A firewall?"),
    }
    return _unknown(known.get(said) or _("KIS did not register this HTS id (%(code)s).") % {"code": said})


def _unknown(why: str) -> Check:
    """No verdict, and so nothing that keeps the file from being written; how the desk will notice a wrong id."""
    told = _(
        "Not known whether the HTS id is right: check again, or go on. A wrong one shows once the desk runs, as an "
        "event: Registrations refused, or A session is down."
    )
    return Check("hts_id", "later", f"{why} {told}")


def _name(typed: Typed) -> str:
    text = "\n".join((typed.host, typed.app_key, typed.hts_id))
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), sha256).hexdigest()
