"""The limits' page: lower what you like, raise with a fresh code."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from stockdesk import codes
from trading.answers import done, operates
from trading.desk import desk_row
from trading.limits import LIMITS, NeedsCode, raised, set_limits
from trading.models import Desk
from trading.state_words import LIMIT_WORDS
from trading.views_desk import frame, wrong_code


class LimitsForm(forms.Form):
    """Whole numbers of shares, KRW or orders; every limit is at least one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in LIMITS:
            column = next(field for field in Desk._meta.concrete_fields if field.attname == name)
            # Plain digits are typed and shown: a number input takes no thousands separators.
            self.fields[name] = forms.IntegerField(
                label=str(LIMIT_WORDS[name]), help_text=column.help_text, required=not column.null, min_value=1,
                max_value=_largest(name), widget=forms.NumberInput(attrs={"inputmode": "numeric"}), localize=False,
            )  # fmt: skip


@operates
def limits(request: HttpRequest) -> HttpResponse:
    row = desk_row()
    before = {name: getattr(row, name) for name in LIMITS}
    form = LimitsForm(request.POST or None, initial=before)
    facts = {**frame(), "form": form, "has_device": codes.device_of(request.user) is not None}
    if request.method != "POST" or not form.is_valid():
        return render(request, "trading/limits.html", facts, status=400 if form.errors else 200)
    wanted = {name: form.cleaned_data[name] for name in LIMITS}
    up = raised(before, wanted)
    if up and (wrong := wrong_code(request)):
        names = ", ".join(str(LIMIT_WORDS[name]) for name in up)
        problem = _("Raising needs a fresh code (%(limits)s). %(why)s") % {"limits": names, "why": wrong}
        return render(request, "trading/limits.html", {**facts, "problem": problem}, status=403)
    try:
        changed = set_limits(wanted, request.user.get_username(), timezone.now(), may_raise=bool(up))
    except NeedsCode:
        problem = _("Somebody else changed the limits meanwhile. Look at them again; nothing was changed.")
        return render(request, "trading/limits.html", {**facts, "problem": problem}, status=409)
    return done(request, _("Limits changed: %d") % len(changed))


def _largest(name: str) -> int:
    """What the column holds."""
    kinds = {"PositiveSmallIntegerField": 32_767, "PositiveIntegerField": 2_147_483_647}
    return kinds.get(Desk._meta.get_field(name).get_internal_type(), 1_000_000_000_000)
