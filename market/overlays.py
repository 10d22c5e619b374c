"""What other rooms draw over the chart of an issue: they register here, for the page must not import them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Side = Literal["buy", "sell"]


@dataclass(frozen=True, slots=True)
class Line:
    """A price, KRW, with a few words; ``side`` is empty where it is neither bought nor sold there."""

    price: int
    text: str
    side: Side | Literal[""] = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A fill: when, how many shares, and at which price on average (KRW)."""

    at: datetime
    side: Side
    quantity: int
    price: int


Overlay = Line | Mark
#: Given the symbol and the user who looks: a provider yields only what that user may see.
Provider = Callable[[str, Any], Iterator[Overlay]]
_providers: list[Provider] = []


def overlay_provider(provider: Provider) -> Provider:
    """Draw what this yields over the chart of every symbol; it reads little, for it is asked every few seconds."""
    if provider not in _providers:
        _providers.append(provider)
    return provider


def overlays_of(symbol: str, user: Any) -> list[Overlay]:
    """Raises ``django.db.Error``."""
    return [overlay for provider in _providers for overlay in provider(symbol, user)]
