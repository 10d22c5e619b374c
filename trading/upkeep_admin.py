"""Account upkeep in the admin: the proposals with a person's yes or no, and what is to be done without one."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from market.issue_search import IssueSearch
from stockdesk.admin import ReadOnlyAdmin, moment
from stockdesk.confirmation import Deed, Line, ask, is_confirmed
from trading import upkeep
from trading.models import Upkeep, UpkeepSetting
from trading.ports import Changed

LAMPS = {
    Upkeep.State.PROPOSED: "warning",
    Upkeep.State.APPROVED: "info",
    Upkeep.State.ORDERED: "info",
    Upkeep.State.DONE: "success",
    Upkeep.State.DECLINED: "default",
    Upkeep.State.EXPIRED: "default",
}


class UpkeepAdmin(IssueSearch, ReadOnlyAdmin):
    """Rows are made by trading; a person says yes or no, and is asked once more before a yes."""

    list_display = ("symbol", "name", "seen", "lamp", "last_fill_on", "proposed", "decider", "decided", "why")
    list_filter = ("state",)
    also_in = ("name",)
    date_hierarchy = "proposed_at"
    exclude = ("is_open",)
    actions = ("approve", "decline")
    proposed = moment("proposed_at", _("proposed at"))
    decided = moment("decided_at", _("decided at"))

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("trading.change_upkeep")

    @display(description=_("price seen"), ordering="price")
    def seen(self, proposal: Upkeep) -> str:
        return f"{proposal.price:,}"

    @display(description=_("state"), ordering="state", label=LAMPS)
    def lamp(self, proposal: Upkeep) -> tuple[str, str]:
        return proposal.state, proposal.get_state_display()

    @display(description=_("decided by"), ordering="decided_by", empty_value="–")
    def decider(self, proposal: Upkeep) -> Any:
        return _("automatic") if proposal.decided_by == upkeep.AUTOMATIC else proposal.decided_by or None

    @display(description=_("reason"), empty_value="")
    def why(self, proposal: Upkeep) -> str:
        return proposal.get_reason_display()

    @admin.action(description=_("Approve: buy one share"), permissions=["decide"])
    def approve(self, request: HttpRequest, rows: QuerySet[Upkeep]) -> HttpResponse:
        note = _("It becomes a condition of one day and passes every check. The share is not sold again by itself.")
        deed = Deed(
            action="approve",
            title=_("Approve: buy one share"),
            question=lambda _count: gettext("Buy one share, so that the account is not closed?"),
            note=note,
            **_waiting(rows),
        )
        return self._decide(request, deed)

    @admin.action(description=_("Decline"), permissions=["decide"])
    def decline(self, request: HttpRequest, rows: QuerySet[Upkeep]) -> HttpResponse:
        deed = Deed(
            action="decline",
            title=_("Decline"),
            question=lambda _count: gettext("Decline the proposal?"),
            **_waiting(rows),
        )
        return self._decide(request, deed)

    def _decide(self, request: HttpRequest, deed: Deed) -> HttpResponse:
        if not is_confirmed(request, deed):
            return ask(self, request, deed)
        for proposal in Upkeep.objects.filter(pk__in=[line.pk for line in deed.rows]):
            try:
                (_approved if deed.action == "approve" else _declined)(request, proposal)
            except Changed:
                text = gettext("%(symbol)s: somebody has decided already.") % {"symbol": proposal.symbol}
                messages.warning(request, text)
        return HttpResponseRedirect(reverse("admin:trading_upkeep_changelist"))


def _waiting(rows: QuerySet[Upkeep]) -> dict[str, Any]:
    """What can be decided of these, and what not."""
    about = gettext("at about %(price)s KRW")
    lines: dict[bool, list[Line]] = {True: [], False: []}
    for row in rows:
        waits = row.state == Upkeep.State.PROPOSED
        text = about % {"price": f"{row.price:,}"} if waits else str(row.get_state_display())
        lines[waits].append(Line(row.pk, f"{row.name} {row.symbol}".strip(), text))
    return {"rows": lines[True], "left": lines[False], "nothing": _("None of them waits for a decision.")}


def _approved(request: HttpRequest, proposal: Upkeep) -> None:
    if upkeep.approve(proposal.pk, request.user.get_username(), timezone.now()):
        text = gettext("%(symbol)s: one share is bought by a condition of today.")
    else:
        text = gettext("%(symbol)s: approved; the condition is made when the market is open and the price is alive.")
    messages.success(request, text % {"symbol": proposal.symbol})


def _declined(request: HttpRequest, proposal: Upkeep) -> None:
    upkeep.decline(proposal.pk, request.user.get_username(), timezone.now())
    messages.success(request, gettext("%(symbol)s: declined.") % {"symbol": proposal.symbol})


class UpkeepSettingForm(forms.ModelForm):
    class Meta:
        model = UpkeepSetting
        fields = ("way", "traded_elsewhere_on")
        help_texts = {
            "way": _(
                "KIS closes accounts that lie idle. After 80 days without a fill the desk proposes to buy one cheap "
                "share: it asks you, buys by itself, or leaves it be."
            ),
            "traded_elsewhere_on": _(
                "Day of your last trade by HTS, app or telephone, which the desk does not know of. Empty: only the "
                "desk's own fills count."
            ),
        }


class UpkeepSettingAdmin(ModelAdmin):
    """One row: the list leads straight to it, and saving comes back to it."""

    form = UpkeepSettingForm

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        row, _made = UpkeepSetting.objects.get_or_create(pk=1)
        return HttpResponseRedirect(reverse("admin:trading_upkeepsetting_change", args=[row.pk]))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
