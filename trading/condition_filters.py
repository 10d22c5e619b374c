"""Filters of the condition list that no column answers by itself."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from trading.models import Condition


class StateFilter(admin.SimpleListFilter):
    """On, off, switched off by the desk, invalid."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterator[tuple[str, Any]]:
        yield "on", _("on")
        yield "off", _("off")
        yield "stopped", _("switched off by the desk")
        yield "invalid", _("invalid")

    def queryset(self, request: HttpRequest, queryset: QuerySet[Condition]) -> QuerySet[Condition]:
        match self.value():
            case "on":
                return queryset.filter(enabled=True, problem="")
            case "off":
                return queryset.filter(enabled=False)
            case "stopped":
                return queryset.filter(enabled=False).exclude(switched_off_reason="")
            case "invalid":
                return queryset.exclude(problem="")
        return queryset
