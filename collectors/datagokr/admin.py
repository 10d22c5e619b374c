"""What data.go.kr told, to read: the prices of past days and the listed issues."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from assets.admin import figure, gain
from collectors.models import DailyPrice, ListedIssue
from stockdesk.admin import ReadOnlyAdmin, moment


@admin.register(DailyPrice)
class DailyPriceAdmin(ReadOnlyAdmin):
    list_display = ("on", "symbol", "name", "closed", "result", "rate", "opened", "highest", "lowest", "traded",
                    "worth", "fetched")  # fmt: skip
    list_display_links = ("name",)
    list_filter = ("market",)
    search_fields = ("symbol", "name")
    list_per_page = 50
    show_full_result_count = False
    date_hierarchy = "on"
    exclude = ("id",)
    closed = figure("close_price", _("closing price"))
    result = gain("change", _("change"))
    rate = gain("change_rate", _("change rate"), mark="%")
    opened = figure("open_price", _("open"))
    highest = figure("high_price", _("high"))
    lowest = figure("low_price", _("low"))
    traded = figure("volume", _("volume"))
    worth = figure("market_cap", _("market cap"))
    fetched = moment("fetched_at", _("fetched at"))


@admin.register(ListedIssue)
class ListedIssueAdmin(ReadOnlyAdmin):
    list_display = ("symbol", "name", "market", "isin", "corp_name", "corp_no", "on", "fetched")
    list_filter = ("market",)
    search_fields = ("symbol", "name", "isin", "corp_name")
    list_per_page = 50
    show_full_result_count = False
    fetched = moment("fetched_at", _("fetched at"))
