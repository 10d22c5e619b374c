"""Lists of rows of issues are searched by code and by name, whether or not the table keeps the name."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from market.models import Instrument

FOUND = 200
"""So many issues at most whose name fits a word: their codes go into the search of the table."""


class IssueSearch:
    """For a ``ModelAdmin``: every word is in the code, in the name in the master, or in one of ``also_in``.

    Names come from the master and not from the searched table: a name beside every row would be read for all of them.
    """

    search_fields: tuple[str, ...] = ("symbol",)  # shows the box
    search_help_text: Any = _("name or code")
    symbol_in = "symbol"
    also_in: tuple[str, ...] = ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        for word in search_term.split():
            named = Instrument.objects.filter(name__icontains=word).values_list("symbol", flat=True)[:FOUND]
            fits = Q((f"{self.symbol_in}__icontains", word.upper())) | Q((f"{self.symbol_in}__in", list(named)))
            for name in self.also_in:
                fits |= Q((f"{name}__icontains", word))
            queryset = queryset.filter(fits | self.fits_besides(word))
        return queryset, False

    def fits_besides(self, word: str) -> Q:
        """What else of this table a word may mean."""
        return Q()
