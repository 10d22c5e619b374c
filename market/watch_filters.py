"""Filters of the watch list. The board's columns cannot be trusted in SQL (``WHERE x2_run`` misses 'Y'), so rows
are judged in Python by the one reading of the list that the page makes anyway, and found again by ``wr_id``.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from market.models import Instrument, WatchRow
from market.watchlist import WatchList, WatchState, read_watch_list


def watch_list_of(request: HttpRequest) -> WatchList:
    """The watch list as this request reads it: once, whatever filters, searches and columns ask for it."""
    if not hasattr(request, "_watch_list"):
        request._watch_list = read_watch_list()  # type: ignore[attr-defined]
    return request._watch_list  # type: ignore[attr-defined]


def rows_where(request: HttpRequest, queryset: QuerySet[WatchRow], test: Callable[[WatchState], bool]) -> QuerySet:
    return queryset.filter(pk__in=[state.wr_id for state in watch_list_of(request).rows if test(state)])


class _JudgedFilter(admin.SimpleListFilter):
    """A choice among kinds of rows, each with how many there are."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.request = request
        super().__init__(request, *args, **kwargs)

    def tests(self) -> dict[str, tuple[Any, Callable[[WatchState], bool]]]:
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterator[tuple[str, str]]:
        rows = watch_list_of(request).rows
        for value, (title, test) in self.tests().items():
            yield value, f"{title} ({sum(map(test, rows))})"

    def queryset(self, request: HttpRequest, queryset: QuerySet[WatchRow]) -> QuerySet[WatchRow]:
        wanted = self.tests().get(self.value() or "")
        return rows_where(request, queryset, wanted[1]) if wanted else queryset


class RunFilter(_JudgedFilter):
    title = _("run")
    parameter_name = "run"

    def tests(self) -> dict[str, tuple[Any, Callable[[WatchState], bool]]]:
        return {
            "on": (_("running"), lambda state: state.running),
            "off": (_("off"), lambda state: not state.running),
            "invalid": (_("running, but unusable"), lambda state: state.reason != ""),
        }


class MarketFilter(_JudgedFilter):
    """By the market of the instrument master; joined in Python, for the two tables rarely share a collation."""

    title = _("market")
    parameter_name = "market"

    def tests(self) -> dict[str, tuple[Any, Callable[[WatchState], bool]]]:
        if not hasattr(self.request, "_watch_markets"):
            symbols = {state.symbol for state in watch_list_of(self.request).rows if state.symbol}
            self.request._watch_markets = dict(  # type: ignore[attr-defined]
                Instrument.objects.filter(pk__in=symbols).values_list("symbol", "market")
            )
        markets = self.request._watch_markets  # type: ignore[attr-defined]
        found = {
            value: (title, lambda state, value=value: markets.get(state.symbol) == value)
            for value, title in Instrument.Market.choices
            if value in markets.values()
        }
        return {**found, "none": (_("not in the master"), lambda state: state.symbol not in markets)}
