"""The sentences of why not, by code; what is not here is shown as it is stored, in English."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CODES: dict[str, Promise] = {
    "killed": _("The kill switch is on."),
    "stopped": _("New orders are stopped."),
    "no_desk": _("The desk's row is missing."),
    "modes_differ": _("The desk and .env name different modes."),
    "live_not_armed": _("Live trading is not armed by a fresh code."),
    "mode_changed": _("The desk's mode was changed."),
    "dry_run": _("Dry run: nothing is sent."),
}


def reason_words(code: str) -> str:
    """The sentence of a code, in the language of the request; empty where there is none."""
    return str(CODES.get(code, ""))
