"""The socket side: takes connections, keeps registrations, hands frames to the sessions that want them."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from typing import cast

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request

from stockdesk.simulator.credentials import Credentials
from stockdesk.simulator.damage import Damage
from stockdesk.simulator.frames import data_frame
from stockdesk.simulator.ledger import Ledger
from stockdesk.simulator.mishaps import Mishaps
from stockdesk.simulator.notices import NOTICE_TR_IDS, encrypt, new_key_pair, notice_text
from stockdesk.simulator.options import Options
from stockdesk.simulator.registration import TICK_TR_IDS, Misunderstood, Wish, check_stream, read_wish
from stockdesk.simulator.replies import pingpong, reply
from stockdesk.simulator.sessions import Session, SessionConnection, parse
from stockdesk.simulator.world import World

DEFAULT_HELD_SECONDS = 20.0


class Hub:
    """Every open session and who is registered for what."""

    def __init__(
        self, world: World, credentials: Credentials, ledger: Ledger, mishaps: Mishaps, options: Options
    ) -> None:
        self.world = world
        self.credentials = credentials
        self.ledger = ledger
        self.mishaps = mishaps
        self.options = options
        self.damage = Damage(mishaps, options)
        self.sessions: dict[Session, None] = {}  # in order of connecting
        self.holders: dict[str, Session] = {}  # app key id -> the session that has it
        self.held: dict[str, float] = {}  # app key id -> until when an unclean end keeps it in use
        self.subscribers: dict[str, list[tuple[str, Session]]] = {}  # symbol -> (TR id, session)
        self.changed = True  # the wanted symbols are not those of the last deal (see the pump)

    # connections

    def before_handshake(self, connection: ServerConnection, request: Request) -> None:
        """``process_request`` of the server: any path is fine."""
        if self.mishaps.strikes("refuse-connects", None):
            self.ledger.connected().ended = "refused"
            connection.transport.abort()

    async def serve(self, connection: ServerConnection) -> None:
        """The life of one connection, from handshake to end."""
        connect = self.ledger.connected()
        if switch := self.mishaps.strikes("accept-and-close", None):
            connect.ended = "accepted and closed"
            if switch.value == "cut":
                connection.transport.abort()
            await connection.close()
            return
        session = Session(cast(SessionConnection, connection), connect, self.options)
        self.sessions[session] = None
        beat = asyncio.create_task(self._beat(session))
        try:
            async for message in connection:
                self._received(session, message)
        except ConnectionClosed:
            session.unclean = True
        finally:
            beat.cancel()
            self._leave(session)

    async def _beat(self, session: Session) -> None:
        """PINGPONG now and then; a session that leaves it unanswered for long is cut."""
        while True:
            await asyncio.sleep(self.options.pingpong_seconds)
            if session.unanswered_seconds() > self.options.unanswered_seconds:
                session.connect.ended = "no answer to PINGPONG"
                session.cut()
                return
            if self.mishaps.strikes("silent", session.key) or self.mishaps.strikes("no-pingpong", session.key):
                continue
            session.ask(pingpong(self.options.now()))

    def _leave(self, session: Session) -> None:
        self.sessions.pop(session, None)
        for tr_id, tr_key in session.registrations:
            self._unsubscribe(session, tr_id, tr_key)
        session.connect.ended = session.connect.ended or ("lost" if session.unclean else "closed")
        key = session.key
        if key is not None and self.holders.get(key) is session:
            del self.holders[key]
            if session.unclean and (switch := self.mishaps.strikes("held-slot", key)):
                self.held[key] = time.monotonic() + float(switch.value or DEFAULT_HELD_SECONDS)

    # messages

    def _received(self, session: Session, text: str | bytes) -> None:
        if isinstance(text, str) and session.answered(text):
            return
        try:
            wish = read_wish(parse(text))
        except ValueError:
            self._say(session, reply("OPSP9999"))
            return
        except Misunderstood as exc:
            self._say(session, reply(exc.code, exc.tr_id, exc.tr_key))
            return
        if self._admitted(session, wish):
            self._fulfil(session, wish)

    def _admitted(self, session: Session, wish: Wish) -> bool:
        """Check the approval key and, with the first message, claim the app key's one session."""
        key = self.credentials.approved(wish.approval_key)
        if key is None or session.key not in (None, key) or self.mishaps.strikes("unknown-approval", key):
            session.connect.key = session.connect.key or key
            self._refuse(session, wish, "OPSP0011", more=wish.approval_key)
            return False
        if session.key is not None:
            return True
        session.connect.key = key
        holder = self.holders.get(key)
        if holder is not None and self.options.second_session == "replace":
            holder.connect.ended = "replaced"
            holder.cut()
            holder = None
        if holder or self._is_held(key) or self.mishaps.strikes("in-use", key):
            session.connect.ended = "in use"
            self.ledger.refused_registrations["OPSP8996"] += 1
            session.send(reply("OPSP8996"))
            session.drop()
            return False
        if self.mishaps.strikes("close-at-message", key):
            session.connect.ended = "closed at its first message"
            session.drop()
            return False
        session.key = key
        self.holders[key] = session
        return True

    def _is_held(self, key: str) -> bool:
        until = self.held.get(key)
        if until is not None and time.monotonic() >= until:
            del self.held[key]
            until = None
        return until is not None

    def _fulfil(self, session: Session, wish: Wish) -> None:
        """Register or unregister and answer; the session goes on whatever the answer is."""
        place = (wish.tr_id, wish.tr_key)
        if self.mishaps.strikes("deaf", session.key):
            return
        try:
            check_stream(wish, self.options.mock, self.world.get(wish.tr_key) is not None)
        except Misunderstood as exc:
            self._refuse(session, wish, exc.code)
            return
        if not wish.register:
            if place not in session.registrations:
                self._refuse(session, wish, "OPSP0003")
                return
            del session.registrations[place]
            self._unsubscribe(session, *place)
            self._say(session, reply("OPSP0001", *place, encrypt=wish.encrypt))
        elif place in session.registrations:
            self._refuse(session, wish, "OPSP0002")
        elif len(session.registrations) >= self.options.registrations or self.mishaps.strikes("full", session.key):
            self._refuse(session, wish, "OPSP0008")
        elif wish.tr_id in NOTICE_TR_IDS and (switch := self.mishaps.strikes("wrong-hts-id", session.key)):
            if switch.value == "lost":
                session.connect.ended = "dropped for its HTS id"
                session.drop()
                return
            self._refuse(session, wish, "OPSP0017")
        elif wish.tr_id in NOTICE_TR_IDS and not self.credentials.owns(session.key or "", wish.tr_key):
            self._refuse(session, wish, "OPSP0017")
        else:
            session.registrations[place] = None
            if wish.tr_id in TICK_TR_IDS:
                self.subscribers.setdefault(wish.tr_key, []).append((wish.tr_id, session))
                self.changed = True
            self._say(session, reply("OPSP0000", *place, encrypt=wish.encrypt, output=session.cipher))

    def _unsubscribe(self, session: Session, tr_id: str, tr_key: str) -> None:
        others = [entry for entry in self.subscribers.get(tr_key, ()) if entry != (tr_id, session)]
        if others:
            self.subscribers[tr_key] = others
        else:
            self.subscribers.pop(tr_key, None)
        self.changed = True

    def _refuse(self, session: Session, wish: Wish, code: str, more: str = "") -> None:
        self.ledger.refused_registrations[code] += 1
        self._say(session, reply(code, wish.tr_id, wish.tr_key, encrypt=wish.encrypt, more=more))

    def _say(self, session: Session, text: str) -> None:
        if not self.mishaps.strikes("silent", session.key):
            session.send(text)

    # frames

    def publish(self, symbol: str, records: list[str]) -> None:
        """Queue one frame of ``records`` for every session registered for ``symbol``."""
        ledger = self.ledger
        ledger.ticks += len(records)
        for tr_id, session in self.subscribers.get(symbol, ()):
            if self.mishaps.on:
                payload = self.damage.payload(tr_id, records, session.key)
                if payload is None:
                    continue
            else:
                payload = data_frame(tr_id, records).encode()
            if session.queue(payload):
                ledger.frames += 1
            else:
                ledger.dropped += 1

    def flush(self) -> None:
        """Write what was queued: one write per session, however many frames."""
        for session in self.sessions:
            session.flush()

    def send_notice(self, fields: dict[str, str], key: str | None = None) -> int:
        """Send one execution notice to the notice registrations (of one key); how many it reached."""
        reached = 0
        for session in self.chosen(key):
            for tr_id, hts_id in session.registrations:
                if tr_id not in NOTICE_TR_IDS:
                    continue
                text = notice_text(fields, hts_id, self.options.now())
                cipher = new_key_pair() if self.mishaps.strikes("wrong-key", session.key) else session.cipher
                body = encrypt(cipher["key"], cipher["iv"], text)
                reached += session.send(data_frame(tr_id, [body], encrypted=True))
        self.ledger.notices += reached
        return reached

    def shuffle(self) -> None:
        """Other symbols are wanted than before: the pump deals again."""
        self.changed = True

    def chosen(self, key: str | None) -> list[Session]:
        """The sessions of one app key id, or all of them."""
        return [session for session in self.sessions if key in (None, session.key)]

    async def close(self) -> None:
        """End every session with a close frame (going away)."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                await asyncio.gather(*(session.connection.close(1001) for session in list(self.sessions)))
        for session in list(self.sessions):
            session.cut()

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self.sessions))
