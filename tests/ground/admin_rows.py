"""Rows for any table of the admin, made by what its columns ask for."""

from collections.abc import Iterable
from datetime import date, time, timedelta
from typing import Any, cast

from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone

from market.gnuboard_post import post
from market.models import WatchRow

DAY = date(2026, 11, 20)
NAMES = ("name", "corp_name")
SYMBOLS = ("symbol", "item")
#: One row at most may have what the others stand for.
APART = "is_open"


def make_rows(model: type[models.Model], numbers: Iterable[int]) -> None:
    """One row for each number, different from the others in every column that may differ."""
    if model is WatchRow:
        for n in numbers:
            post(symbol=symbol(n), name=name(n), running=True)
    elif model is User:
        for n in numbers:
            User.objects.create_user(f"person-{n}", password=None)
    else:
        model._default_manager.bulk_create([model(**values(model, n)) for n in numbers])


def symbol(n: int) -> str:
    return f"{n:06d}"


def name(n: int) -> str:
    """One word, which no other row's name begins with."""
    return f"이름{n}호"


def values(model: type[models.Model], n: int) -> dict[str, Any]:
    return {
        field.attname: value_of(field, n)
        for field in model._meta.concrete_fields
        if not isinstance(field, models.AutoField | models.GeneratedField) and is_asked_for(field)
    }


def is_asked_for(field: "models.Field[Any, Any]") -> bool:
    optional = field.null or field.has_default() or field.db_default is not models.NOT_PROVIDED
    return field.primary_key or field.name in (*NAMES, *SYMBOLS, APART) or not optional


def value_of(field: "models.Field[Any, Any]", n: int) -> Any:
    if isinstance(field, models.ForeignKey):
        related = cast(type[models.Model], field.related_model)
        before = set(related._default_manager.values_list("pk", flat=True))
        make_rows(related, [n])
        return related._default_manager.exclude(pk__in=before).get().pk
    if field.name == APART and field.null:
        return None
    if field.choices:
        return field.flatchoices[0][0]
    match field:
        case models.CharField() | models.TextField():
            text = name(n) if field.name in NAMES else symbol(n) if field.name in SYMBOLS else f"{n}"
            return text[: field.max_length] if field.max_length else text
        case models.DateTimeField():
            return timezone.now() - timedelta(minutes=n)
        case models.DateField():
            return DAY - timedelta(days=n)
        case models.TimeField():
            return time(9, n % 60)
        case models.BooleanField():
            return False
        case models.BinaryField():
            return b""
    return n
