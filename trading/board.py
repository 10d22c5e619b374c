"""Posts of the Gnuboard board that name a price, a quantity and a side, as strike conditions.

The board is only read, and the conditions follow it: a person changes them in the row of the watch list. A board that
cannot be read changes nothing; the open event ``board-unreadable`` says since when they are stale.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connections, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from market.gnuboard import clean_symbol, is_on
from market.models import Instrument, Quote
from stockdesk.env import GnuboardSettings
from stockdesk.events import clear_event, raise_event
from stockdesk.fence import fenced
from stockdesk.kis.numbers import TypedNumberError, typed_number
from trading.models import Condition
from trading.validation import MAX_PRICE, MAX_QUANTITY, Known, errors, judge_words, typed_problem
from trading.values import Pricing, Sizing, Trigger

READ_LIMIT = 2  # seconds, for the statement and for a lock on the table
MAX_DISTANCE_PERCENT = 30
SOURCE, EVENT = "trading", "board-unreadable"
OFF, GONE, BLANK, UNMAPPED = "board_off", "board_gone", "board_blank", "board_unmapped"
OWN_REASONS = frozenset(("", OFF, GONE, BLANK, UNMAPPED))
"""Why the board itself switched one off. Any other reason is the desk's, and holds until the post is changed."""

BUY = frozenset(("매수", "사기", "buy", "b"))
SELL = frozenset(("매도", "팔기", "sell", "s"))
"""Numbers are no side: KIS's 1 is a sell, and many a board's 1 a buy."""

_WORDS = ("symbol", "side", "trigger", "strike_price", "quantity")
"""What a person writes. The problem is not among them: it comes and goes with prices and the master."""
_TAKEN = (*_WORDS, "problem", "enabled", "switched_off_reason", "position")


@dataclass(slots=True)
class Counts:
    """What one look at the board did. ``stale`` is the number of the database's error when it could not be read."""

    made: int = 0
    changed: int = 0
    switched_off: int = 0
    unchanged: int = 0
    problems: int = 0
    stale: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """One post that means a condition. ``problem`` says why it cannot be read; what it could not read is None."""

    wr_id: int
    running: bool
    symbol: str
    side: str
    price: int | None
    quantity: int | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Market:
    """What is needed to judge posts: kind of each listed issue, and the last (or base) price where one is known."""

    kinds: dict[str, str] = field(default_factory=dict)
    prices: dict[str, int] = field(default_factory=dict)


def mirror_board(*, using: str, now: datetime, daemon: str = "", fence: int | None = None) -> Counts:
    """Bring the conditions of the board up to date; only real changes are saved, so a second call saves nothing.

    ``using`` is the alias that reads (it needs SELECT alone); conditions are written on the default connection, under
    the daemon's fence where one is given. An unreadable board costs two seconds at most and leaves all as it is.
    """
    board = settings.DESK.gnuboard
    mapped = bool(board.col_price and board.col_qty and board.col_side)
    # Sentences are stored, and must be the same whoever calls.
    with translation.override(settings.LANGUAGE_CODE):
        if not mapped:
            posts: list[Post] = []
            seen: set[int] = set()
        else:
            try:
                records = read_board(board, using)
                market = _market(records, using)
            except DatabaseError as exc:
                number = str(exc.args[0]) if exc.args else "?"
                raise_event(SOURCE, EVENT, text=f"the board cannot be read: database error {number}")
                return Counts(stale=number)
            seen = {record[0] for record in records}
            posts = list(_without_doubles(judge_posts(records, market)))
        clear_event(SOURCE, EVENT)
        return _follow(posts, seen, now, mapped=mapped, daemon=daemon, fence=fence)


def read_board(board: GnuboardSettings, using: str) -> list[tuple]:
    """(wr_id, run flag, code, price, quantity, side) of every post, as the driver gives them, in order of wr_id."""
    connection = connections[using]
    quote = connection.ops.quote_name
    columns = ("wr_id", board.col_run, board.col_code, board.col_price, board.col_qty, board.col_side)
    posts = "wr_is_comment = 0" if board.include_replies else "wr_is_comment = 0 AND wr_reply = ''"
    with connection.cursor() as cursor:
        # MyISAM locks whole tables: without a limit a writer there would hold up trading as long as it likes.
        cursor.execute(
            f"SET STATEMENT max_statement_time = {READ_LIMIT}, lock_wait_timeout = {READ_LIMIT} FOR "
            f"SELECT {', '.join(map(quote, columns))} FROM {quote(board.table)} WHERE {posts} ORDER BY wr_id"
        )
        return list(cursor.fetchall())


def _market(records: Iterable[tuple], using: str) -> Market:
    symbols = {symbol for record in records if (symbol := clean_symbol(record[2]))}
    market = Market()
    for symbol, kind, base in (
        Instrument.objects.using(using).filter(pk__in=symbols).values_list("symbol", "kind", "base_price")
    ):
        market.kinds[symbol] = kind
        if base:
            market.prices[symbol] = base
    for symbol, last in Quote.objects.using(using).filter(pk__in=symbols).values_list("symbol", "last_price"):
        if last:
            market.prices[symbol] = last
    return market


def judge_posts(records: Iterable[tuple], market: Market) -> Iterator[Post]:
    """The posts that mean a condition. One that names neither price nor quantity nor side is only watched."""
    for wr_id, run, code, price, quantity, side in records:
        if _is_blank(price) and _is_blank(quantity) and _is_blank(side):
            continue
        try:
            yield _judge(wr_id, run, code, price, quantity, side, market)
        except Exception as exc:  # one bad post does not stop the others
            text = _("The post could not be read (%(error)s).") % {"error": type(exc).__name__}
            yield Post(wr_id, is_on(run), clean_symbol(code), "buy", None, None, text)


def _judge(wr_id: int, run: Any, code: Any, price: Any, quantity: Any, side: Any, market: Market) -> Post:
    problems: list[str] = []

    def number(value: Any, limit: int, name: str) -> int | None:
        try:
            return board_number(value, limit)
        except TypedNumberError as exc:
            problems.append(f"{name}: {typed_problem(exc)}")
            return None

    symbol = clean_symbol(code)
    if not symbol:
        problems.append(_("The code is not a stock code."))
    strike = number(price, MAX_PRICE, _("strike price"))
    shares = number(quantity, MAX_QUANTITY, _("quantity"))
    way = board_side(side)
    if not way:
        problems.append(_("The side must say buy or sell."))
    if not problems:
        problems = _doubts(symbol, way, strike or 0, shares or 0, market)
    return Post(wr_id, is_on(run), symbol, way or "buy", strike, shares, " ".join(problems)[:200])


def _doubts(symbol: str, side: str, strike: int, quantity: int, market: Market) -> list[str]:
    """What the words say wrong although each can be read. No price of today is in these texts: they stay the same."""
    said = Condition(
        symbol=symbol, side=side, trigger=_trigger(side), strike_price=strike, quantity=quantity,
        sizing=Sizing.QUANTITY.value, pricing=Pricing.STRIKE.value, enabled=True,
    )  # fmt: skip
    known = Known(today=date.min, kind=market.kinds.get(symbol))  # posts have no days
    found = [complaint.text for complaint in errors(judge_words(said, known))]
    last = market.prices.get(symbol)
    if last and abs(strike - last) * 100 > last * MAX_DISTANCE_PERCENT:
        text = _("The strike price KRW %(price)s is more than %(percent)d %% away from the last price.")
        found.append(text % {"price": f"{strike:,}", "percent": MAX_DISTANCE_PERCENT})
    return found


def board_number(value: Any, limit: int) -> int:
    """A price or quantity as the column holds it, whatever its type; TypedNumberError where it is not clear."""
    if isinstance(value, bytes | bytearray):
        value = bytes(value).decode("utf-8", "replace")
    if isinstance(value, float):
        value = Decimal(str(value))
    if isinstance(value, Decimal) and value == value.to_integral_value():
        value = int(value)
    if isinstance(value, int):
        if value <= 0:
            raise TypedNumberError("zero")
        if value >= limit:
            raise TypedNumberError("too_large")
        return value
    return typed_number("" if value is None else str(value), limit)


def board_side(value: Any) -> str:
    """``buy`` or ``sell`` in what the column holds, '' where it says neither."""
    if isinstance(value, bytes | bytearray):
        value = bytes(value).decode("utf-8", "replace")
    word = "" if value is None else str(value).strip().lower()
    return "buy" if word in BUY else "sell" if word in SELL else ""


def _is_blank(value: Any) -> bool:
    """Nothing was written: number columns have 0 there, text columns ''."""
    if isinstance(value, int | float | Decimal):
        return value == 0
    if isinstance(value, bytes | bytearray):
        value = bytes(value).decode("utf-8", "replace")
    return value is None or str(value).strip() == ""


def _trigger(side: str) -> str:
    """A board has no column for the direction: it buys at the strike or cheaper, and sells there or dearer."""
    return Trigger.AT_OR_BELOW.value if side == "buy" else Trigger.AT_OR_ABOVE.value


def _without_doubles(posts: Iterable[Post]) -> Iterator[Post]:
    """Gnuboard copies a post with one click; the copy of a running one must not order a second time."""
    first: dict[tuple, int] = {}
    for post in posts:
        words = (post.symbol, post.side, post.price, post.quantity)
        if not post.running or post.problem:
            yield post
        elif words in first:
            text = _("The running post %(number)d says the same.") % {"number": first[words]}
            yield Post(post.wr_id, post.running, *words, problem=text)
        else:
            first[words] = post.wr_id
            yield post


def _follow(
    posts: list[Post], seen: set[int], now: datetime, *, mapped: bool, daemon: str, fence: int | None
) -> Counts:
    """Save what differs, all of it in one transaction, and none where nothing does."""
    counts = Counts()
    rows = {row.wr_id: row for row in Condition.objects.filter(source=Condition.Origin.BOARD)}
    due: list[Condition] = []
    for post in posts:
        counts.problems += bool(post.problem)
        row = rows.pop(post.wr_id, None)
        if row is None and not post.running:
            continue  # it becomes a condition on the day it runs
        if row is None:
            row = Condition(source=Condition.Origin.BOARD, wr_id=post.wr_id, position=post.wr_id)
            _say(row, post)
            row.enabled = True
            counts.made += 1
        elif not _take(row, post, now):
            counts.unchanged += 1
            continue
        else:
            counts.changed += 1
        due.append(row)
    for wr_id, row in rows.items():
        reason = UNMAPPED if not mapped else BLANK if wr_id in seen else GONE
        if row.enabled or (row.switched_off_reason in OWN_REASONS and row.switched_off_reason != reason):
            counts.switched_off += row.enabled
            _switch_off(row, reason, now)
            due.append(row)
        else:
            counts.unchanged += 1
    if due:
        with _writing(daemon, fence):
            for row in due:
                if _is_as_read(row):
                    row.save()
    return counts


def _is_as_read(row: Condition) -> bool:
    """Whether nobody changed it since: what the desk switched off meanwhile stays off, and the next look goes on."""
    return row.pk is None or row.revision in Condition.objects.select_for_update().filter(pk=row.pk).values_list(
        "revision", flat=True
    )


def _take(row: Condition, post: Post, now: datetime) -> bool:
    """Bring one condition up to its post; False where it is so already."""
    before = [getattr(row, name) for name in _TAKEN]
    _say(row, post)
    reworded = [getattr(row, name) for name in _WORDS] != before[: len(_WORDS)]
    row.position = post.wr_id
    if not post.running:
        if row.enabled or row.switched_off_reason != OFF:
            _switch_off(row, OFF, now)
    elif not row.enabled and (reworded or row.switched_off_reason in OWN_REASONS):
        row.enabled = True  # saving arms it anew
        row.switched_off_reason = ""
    return [getattr(row, name) for name in _TAKEN] != before


def _say(row: Condition, post: Post) -> None:
    row.symbol, row.side, row.trigger = post.symbol, post.side, _trigger(post.side)
    row.strike_price, row.quantity, row.problem = post.price, post.quantity, post.problem
    row.sizing, row.pricing = Sizing.QUANTITY.value, Pricing.STRIKE.value


def _switch_off(row: Condition, reason: str, now: datetime) -> None:
    row.enabled, row.switched_off_at, row.switched_off_reason = False, now, reason
    row._change_reason = reason  # type: ignore[attr-defined]


@contextmanager
def _writing(daemon: str, fence: int | None) -> Iterator[None]:
    with transaction.atomic() if fence is None else fenced(daemon, fence):
        yield
