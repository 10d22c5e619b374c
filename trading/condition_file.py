"""Conditions in a file and back: CSV or XLSX with Korean headers. Every row goes through the screen's own form."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export import fields, resources
from tablib import Dataset

from market.models import Instrument
from stockdesk.cells import plain
from trading.condition_form import ConditionForm
from trading.models import Condition

MAX_ROWS = 2_000
ON = frozenset(("1", "on", "true", "yes", "y", "o", "켬", "켜짐", "예", "사용"))
OFF = frozenset(("", "0", "off", "false", "no", "n", "x", "끔", "꺼짐", "아니오", "아니요", "사용안함"))
CHOICES = ("side", "trigger", "sizing", "pricing")
HEADERS = {
    "id": gettext_lazy("condition no."),
    "symbol": gettext_lazy("symbol"),
    "name": gettext_lazy("name"),
    "side": gettext_lazy("side"),
    "enabled": gettext_lazy("on"),
    "trigger": gettext_lazy("trigger"),
    "strike_price": gettext_lazy("strike price"),
    "rate": gettext_lazy("rate"),
    "sizing": gettext_lazy("sizing"),
    "quantity": gettext_lazy("quantity"),
    "amount": gettext_lazy("order amount"),
    "pricing": gettext_lazy("pricing"),
    "ticks": gettext_lazy("ticks"),
    "valid_from": gettext_lazy("valid from"),
    "valid_to": gettext_lazy("valid to"),
    "hours_from": gettext_lazy("hours from"),
    "hours_to": gettext_lazy("hours until"),
    "repeat": gettext_lazy("times"),
    "cool_down": gettext_lazy("cool-down"),
    "cancel_after": gettext_lazy("cancel after"),
    "note": gettext_lazy("note"),
    "position": gettext_lazy("position"),
    "source": gettext_lazy("source"),
}
TOLD = ("id", "name", "source")
"""Columns that tell and are not taken in; ``id`` finds the condition."""


def header(name: str) -> str:
    """A file's header is Korean whoever exports it, so that it can be read back by anybody."""
    with translation.override("ko"):
        return str(HEADERS[name])


def known_headers() -> dict[str, str]:
    """Every way to write a header -> name of the column."""
    found: dict[str, str] = {}
    for language in ("en", "ko"):
        with translation.override(language):
            found |= {str(text).strip().lower(): name for name, text in HEADERS.items()}
    return {**found, **{name: name for name in HEADERS}}


def cell_text(value: Any) -> str:
    """A cell as the file's reader gives it, as text: XLSX has numbers and dates of its own."""
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case datetime():
            return f"{value:%Y-%m-%d}" if value.time() == time.min else f"{value:%Y-%m-%d %H:%M:%S}"
        case date():
            return f"{value:%Y-%m-%d}"
        case time():
            return time_text(value)
        case float() if value.is_integer():
            return str(int(value))
    return plain(str(value))


def time_text(at: time) -> str:
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"


def value_text(condition: Condition, name: str) -> str:
    """One field as the file says it, in Korean."""
    if name == "name":
        named: str | None = Instrument.objects.filter(pk=condition.symbol).values_list("name", flat=True).first()
        return named or ""
    value = getattr(condition, name)
    with translation.override("ko"):
        match value:
            case None:
                return ""
            case bool():
                return "켬" if value else "끔"
            case Decimal():
                return f"{value.normalize():f}"
            case time():
                return time_text(value)
        if name in (*CHOICES, "source"):
            return str(getattr(condition, f"get_{name}_display")())
    return str(value)


def choice_of(name: str, text: str) -> str:
    """The stored word of a choice, written in Korean, in English or as it is stored."""
    field = Condition._meta.get_field(name)
    for language in ("ko", "en"):
        with translation.override(language):
            for value, title in field.flatchoices:  # type: ignore[union-attr]
                if text.strip().lower() in (str(value), str(title).lower()):
                    return str(value)
    return text


def _same(text: str, other: str) -> bool:
    """XML has one kind of line break, whatever was written."""
    return text.replace("\r\n", "\n").replace("\r", "\n") == other.replace("\r\n", "\n").replace("\r", "\n")


class Cell(fields.Field):
    """One column, said in Korean in the file and in the preview alike."""

    def export(self, instance: Condition, **kwargs: Any) -> str:
        return value_text(instance, self.attribute)


class Whole(resources.Diff):
    """Old value and new one in full: a price with two digits struck out is not read."""

    def as_html(self) -> list[str]:
        if self.new:
            return list(self.right)
        pairs = zip(self.left, self.right, strict=True)
        return [new if new == old else format_html("<del>{}</del> <ins>{}</ins>", old, new) for old, new in pairs]


class ConditionResource(resources.ModelResource):
    """A row with a condition's number changes that condition, one without makes a new one; none is ever deleted."""

    class Meta:
        model = Condition
        fields = tuple(HEADERS)
        import_id_fields: tuple[str, ...] = ()
        skip_unchanged = True
        report_skipped = True
        use_transactions = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fields = {name: Cell(column_name=header(name), attribute=name, readonly=name in TOLD) for name in HEADERS}
        self._names: dict[str, str] = {}

    @classmethod
    def get_diff_class(cls) -> type[Whole]:
        return Whole

    def get_import_order(self) -> tuple[str, ...]:
        return tuple(HEADERS)

    def get_export_order(self) -> tuple[str, ...]:
        return tuple(HEADERS)

    def before_import(self, dataset: Dataset, **kwargs: Any) -> None:
        if len(dataset) > MAX_ROWS:
            raise ValidationError(_("At most %(limit)d rows at a time.") % {"limit": MAX_ROWS})
        known = known_headers()
        written = [str(text or "").strip().lower() for text in dataset.headers or []]
        self._names = {text: known[text] for text in written if text in known}
        if strangers := [text for text in written if text and text not in known]:
            text = _("Unknown columns: %(columns)s. The export shows the right headers.")
            raise ValidationError(text % {"columns": ", ".join(strangers)})
        names = [self._names.get(text, "") for text in written]
        if doubled := {name for name in names if name and names.count(name) > 1}:
            text = _("The same column is there twice: %(columns)s.")
            raise ValidationError(text % {"columns": ", ".join(sorted(header(name) for name in doubled))})
        dataset.headers = [header(name) if name else "" for name in names]

    def get_instance(self, instance_loader: Any, row: dict[str, Any]) -> Condition | None:
        typed = cell_text(row.get(header("id"))).strip()
        if not typed:
            return None
        condition = Condition.objects.filter(pk=typed).first() if typed.isascii() and typed.isdigit() else None
        if condition is None:
            text = _("There is no condition with this number; leave it empty for a new one.")
            raise ValidationError({header("id"): text})
        return condition

    def import_instance(self, instance: Condition, row: dict[str, Any], **kwargs: Any) -> None:
        texts = self._texts(instance, row)
        if instance.pk and all(_same(text, value_text(instance, name)) for name, text in texts.items()):
            return  # as it was exported, whatever today would say to it
        if instance.source == Condition.Origin.BOARD:
            raise ValidationError(_("It comes from the board and is changed in the row of the watch list only."))
        data = {name: choice_of(name, text) if name in CHOICES else text for name, text in texts.items()}
        switch = data.pop("enabled").strip().lower()
        if switch not in ON | OFF:
            raise ValidationError({header("enabled"): _("Write on or off.")})
        form = ConditionForm({**data, **({"enabled": "on"} if switch in ON else {})}, instance=instance)
        if not form.is_valid():
            raise ValidationError(
                {header(name) if name in HEADERS else "__all__": list(texts) for name, texts in form.errors.items()}
            )

    def _texts(self, instance: Condition, row: dict[str, Any]) -> dict[str, str]:
        """What the row says of every field; a column that the file leaves out stays as it is."""
        said = {}
        for name in HEADERS:
            if name in TOLD:
                continue
            column = header(name)
            said[name] = cell_text(row[column]) if column in row else value_text(instance, name)
        return said

    def skip_row(
        self, instance: Condition, original: Condition, row: Any, import_validation_errors: Any = None
    ) -> bool:
        if import_validation_errors or original.pk is None:
            return False
        return all(getattr(instance, name) == getattr(original, name) for name in Condition.RECORDED)
