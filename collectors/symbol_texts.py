"""Numbers as the symbol page writes them: grouped, in 백만 or 억 where large, coloured by sign, blank when unknown."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

Number = int | Decimal
HUNDRED_MILLION, MILLION = 10**8, 10**6


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table. ``way`` is up or down where a colour tells; ``outside`` marks a link to another host."""

    text: str
    way: str = ""
    link: str = ""
    outside: bool = False


def way_of(value: Number | None) -> str:
    return "" if not value else "up" if value > 0 else "down"


def whole(value: Number | None) -> str:
    """Groups of three, whole."""
    return "" if value is None else f"{value:,.0f}"


def exact(value: Decimal | None) -> str:
    """Groups of three, without zeros behind the point."""
    return "" if value is None else f"{value:,f}".rstrip("0").rstrip(".") if value % 1 else f"{value:,.0f}"


def signed(value: Number | None) -> str:
    return "" if value is None else f"{value:+,.0f}" if value else "0"


def percent(value: Decimal | None) -> str:
    """A share of something, which is neither gain nor loss."""
    return "" if value is None else f"{value:.2f}%"


def change_percent(value: Number | None) -> str:
    return "" if value is None else f"{value:+.2f}%" if value else "0.00%"


def hundred_millions(won: int | None) -> str:
    """KRW in 억, under a head that says so; one digit behind the point."""
    return "" if won is None else f"{won / HUNDRED_MILLION:,.1f}"


def amount(won: Number | None) -> str:
    """KRW with the unit that suits the size: 12,345억, 345백만, or every won."""
    if won is None:
        return ""
    size = abs(float(won))
    if size >= HUNDRED_MILLION:
        digits = 0 if size >= 100 * HUNDRED_MILLION else 1
        return _("%(amount)s ×100M") % {"amount": f"{float(won) / HUNDRED_MILLION:,.{digits}f}"}
    if size >= MILLION:
        return _("%(amount)s ×1M") % {"amount": f"{float(won) / MILLION:,.0f}"}
    return exact(won) if isinstance(won, Decimal) else whole(won)


def plain(value: str | None) -> Cell:
    return Cell(value or "")


def number(value: Number | None) -> Cell:
    return Cell(whole(value))


def gain(value: Number | None) -> Cell:
    return Cell(signed(value), way_of(value))


def gain_in_hundred_millions(won: int | None) -> Cell:
    text = "" if won is None else f"{won / HUNDRED_MILLION:+,.1f}" if won else "0"
    return Cell(text, way_of(won))


def day(on: date | None) -> Cell:
    return Cell("" if on is None else f"{on:%Y-%m-%d}")


def against(price: int | None, base: int | None) -> str:
    """Which side of the base price a price is on."""
    return "" if price is None or base is None else way_of(price - base)


def minute(at: datetime | None) -> str:
    """A moment in Seoul to the minute, without the date when it is today."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    return f"{local:%H:%M}" if local.date() == timezone.localdate() else f"{local:%m-%d %H:%M}"
