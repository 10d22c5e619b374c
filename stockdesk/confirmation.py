"""The page before an action over many rows: what it will do, to which rows, what it leaves alone, and a way back."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

NOTHING = _("Nothing of this can be done with the chosen rows.")
SHOWN = 20
"""Rows that are named; of the others is said how many they are."""
SENT_ALONG = 500
"""Rows whose keys go along with the yes. Beyond that, all rows of the list go by its filters, as they were chosen."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row on the page: its key, its name, and what is to be said of it."""

    pk: Any
    name: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """What an action would do. ``action`` is its name; ``question`` is put to the person with the number of rows."""

    action: str
    title: Any
    question: Callable[[int], str]
    rows: list[Line]
    left: Iterable[Line] = ()
    warnings: Iterable[Line] = ()
    note: Any = ""
    nothing: Any = NOTHING

    @property
    def yes(self) -> str:
        """What the page sends along with the yes."""
        return yes_to(line.pk for line in self.rows)


def yes_to(keys: Iterable[Any]) -> str:
    """A digest of the keys of rows. Their number would not do: one leaves, another joins, and a buy is switched on."""
    return sha256("\n".join(sorted(map(str, keys))).encode()).hexdigest()


def is_confirmed(request: HttpRequest, deed: Deed) -> bool:
    """Whether a person has said yes to the very rows that there are now: else the page is shown once more."""
    return bool(deed.rows) and request.POST.get("confirmed") == deed.yes


def ask(page: ModelAdmin, request: HttpRequest, deed: Deed) -> TemplateResponse:
    """The page that asks. Its yes comes to the same action again."""
    keys = [line.pk for line in deed.rows]
    across = len(keys) > SENT_ALONG and request.POST.get("select_across") == "1"
    context = {
        **page.admin_site.each_context(request),
        "title": deed.title,
        "opts": page.opts,
        "deed": deed,
        "question": deed.question(len(keys)) if keys else deed.nothing,
        "parts": [
            ("", *_shown(deed.rows)),
            (_("Look at these"), *_shown(deed.warnings)),
            (_("These stay as they are"), *_shown(deed.left)),
        ],
        "keys": keys[:1] if across else keys,
        "across": across,
        "checkbox": ACTION_CHECKBOX_NAME,
        "back": request.get_full_path(),
    }
    return TemplateResponse(request, "admin/confirm_action.html", context)


def _shown(lines: Iterable[Line]) -> tuple[list[Line], int]:
    """The first lines, and how many more there are."""
    rest = iter(lines)
    return list(islice(rest, SHOWN)), sum(1 for _line in rest)
