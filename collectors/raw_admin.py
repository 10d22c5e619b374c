"""The kept answers of the sources: which there are, and what was made of them; not the bodies themselves."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from assets.admin import figure
from collectors.models import RawBody
from stockdesk.admin import ReadOnlyAdmin, moment


@admin.register(RawBody)
class RawBodyAdmin(ReadOnlyAdmin):
    list_display = ("source", "kind", "key", "fetched", "count", "bytes_in", "bytes_kept", "parsed")
    list_filter = ("source", "kind")
    search_fields = ("key",)
    search_help_text = _("key of the answer")
    date_hierarchy = "fetched_at"
    list_per_page = 50
    show_full_result_count = False
    exclude = ("body",)
    fetched = moment("fetched_at", _("fetched at"))
    parsed = moment("parsed_at", _("parsed at"))
    count = figure("rows", _("rows"))
    bytes_in = figure("size", _("size"))
    bytes_kept = figure("stored_size", _("stored size"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[RawBody]:
        return super().get_queryset(request).defer("body")
