"""The alerts that were sent, for reading, and a button that tries the way."""

from datetime import datetime

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action, display

from stockdesk.admin import Lamp, ReadOnlyAdmin, moment
from stockdesk.alert_models import Alert, AlertDelivery
from stockdesk.alerts import trial
from stockdesk.alerts.channels import channels
from stockdesk.kis.messages import KST

LOOKS = {"info": "info", "warning": "warning", "critical": "danger"}
MAY_TRY = "stockdesk.add_alert"


class DeliveryInline(TabularInline):
    """The way of one message to each channel."""

    model = AlertDelivery
    extra = 0
    can_delete = False
    hide_title = True
    fields = readonly_fields = ("channel", "state", "tries", "sent", "next_try", "error")
    sent = moment("sent_at", _("sent at"))

    @display(description=_("next try at"), empty_value="–")
    def next_try(self, way: AlertDelivery) -> str | None:
        waits = way.state == AlertDelivery.State.WAITING
        return f"{timezone.localtime(way.next_try_at):%Y-%m-%d %H:%M:%S}" if waits else None

    def has_add_permission(self, request: HttpRequest, obj: Alert | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Alert | None = None) -> bool:
        return False


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ("created", "severity", "kind", "title", "ways")
    list_filter = ("kind", "level", "deliveries__state")
    search_fields = ("title", "body", "code")
    search_help_text = _("a word of the message")
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-pk")
    fields = ("created", "kind", "level", "title", "text")
    readonly_fields = fields
    inlines = (DeliveryInline,)
    actions_list = ("try_channels",)
    created = moment("created_at", _("created at"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        return super().get_queryset(request).prefetch_related("deliveries")

    @display(description=_("level"), ordering="level", label=LOOKS)
    def severity(self, alert: Alert) -> Lamp:
        return Lamp(alert.level, alert.get_level_display())

    @display(description=_("text"))
    def text(self, alert: Alert) -> SafeString:
        return format_html_join("", "{}<br>", ((line,) for line in alert.body.splitlines()))

    @display(description=_("channels"))
    def ways(self, alert: Alert) -> str:
        return ", ".join(f"{way.channel} {way.get_state_display()}" for way in alert.deliveries.all())

    def has_try_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MAY_TRY)

    def get_urls(self) -> list:
        view = self.admin_site.admin_view(self.try_view)
        return [path("try/", view, name="stockdesk_alert_try"), *super().get_urls()]

    @action(description=_("Send a test"), permissions=["try"], url_path="try-channels")
    def try_channels(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:stockdesk_alert_try"))

    def try_view(self, request: HttpRequest) -> HttpResponse:
        """A page that asks first: a link must not be able to send anything."""
        if not self.has_try_permission(request):
            raise PermissionDenied
        back = HttpResponseRedirect(reverse("admin:stockdesk_alert_changelist"))
        found = channels(settings.DESK.alerts)
        if not found:
            messages.warning(request, _("ALERT_URLS in .env is empty: alerts go nowhere."))
            return back
        if request.method == "POST":
            trial.queue(found, datetime.now(KST))
            messages.success(request, _("The test is on its way. Below you see what became of it."))
            return back
        context = {
            **self.admin_site.each_context(request),
            "title": _("Send a test"),
            "channels": found,
            "back": back.url,
        }
        return render(request, "admin/stockdesk/alert/try.html", context)
