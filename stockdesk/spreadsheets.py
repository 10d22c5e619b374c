"""The two kinds of file that pages give out and take in; what leaves by them runs in no spreadsheet."""

from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from import_export.formats import base_formats
from openpyxl import load_workbook
from tablib import Dataset

from stockdesk.cells import harmless

#: Two thousand rows with a note each are less than half of this.
MOST_BYTES = 2 * 2**20
#: What an XLSX may unpack to: a few KB of zip can hold gigabytes.
MOST_UNPACKED = 40 * 2**20
#: One cell in the last corner of a sheet makes 17 thousand million empty ones before it.
MOST_ROWS, MOST_COLUMNS = 20_000, 100


class Guarded:
    """Texts are made harmless as they leave, whichever table they come from; what comes in is bounded."""

    def export_data(self, dataset: Dataset, **kwargs: Any) -> Any:
        guarded = Dataset(headers=dataset.headers, title=dataset.title)
        for row in dataset:
            guarded.append([harmless(cell) if isinstance(cell, str) else cell for cell in row])
        return super().export_data(guarded, **kwargs)  # type: ignore[misc]

    def create_dataset(self, in_stream: bytes, **kwargs: Any) -> Dataset:
        if len(in_stream) > MOST_BYTES:
            raise ValidationError(_("The file is larger than %(limit)d MB.") % {"limit": MOST_BYTES >> 20})
        return super().create_dataset(in_stream, **kwargs)  # type: ignore[misc]


def _too_long() -> ValidationError:
    return ValidationError(_("The sheet has more than %(limit)d rows.") % {"limit": MOST_ROWS})


class _Csv(base_formats.CSV):
    """CSV as bytes: written for Excel (UTF-8 with a mark), read as UTF-8 or as Korean Excel writes it (CP949)."""

    def is_binary(self) -> bool:
        return True

    def get_read_mode(self) -> str:
        return "rb"

    def create_dataset(self, in_stream: bytes, **kwargs: Any) -> Dataset:
        if in_stream.count(b"\n") > MOST_ROWS:
            raise _too_long()
        try:
            text = in_stream.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = in_stream.decode("cp949")
        return super().create_dataset(text, **kwargs)

    def export_data(self, dataset: Dataset, **kwargs: Any) -> bytes:
        return str(super().export_data(dataset, **kwargs)).encode("utf-8-sig")


class _Xlsx(base_formats.XLSX):
    def create_dataset(self, in_stream: bytes, **kwargs: Any) -> Dataset:
        try:
            unpacked = sum(part.file_size for part in ZipFile(BytesIO(in_stream)).infolist())
        except BadZipFile:
            raise ValidationError(_("This is no XLSX file.")) from None
        if unpacked > MOST_UNPACKED:
            raise ValidationError(_("The file unpacks to more than %(limit)d MB.") % {"limit": MOST_UNPACKED >> 20})
        sheet = load_workbook(BytesIO(in_stream), read_only=True, data_only=True).active
        rows = list(sheet.iter_rows(max_row=MOST_ROWS + 1, max_col=MOST_COLUMNS, values_only=True))
        if len(rows) > MOST_ROWS:
            raise _too_long()
        head = _filled(rows[0]) if rows else ()
        dataset = Dataset(headers=head)
        for row in rows[1:]:
            dataset.append(row[: len(head)])
        return dataset


def _filled(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Without the empty cells at its end."""
    return row[: max((place for place, cell in enumerate(row, start=1) if cell is not None), default=0)]


class GivesTables:
    """For an admin page with an export: a filter that is none is a wrong question, not a failure of ours."""

    def get_export_queryset(self, request: HttpRequest) -> Any:
        try:
            return super().get_export_queryset(request)  # type: ignore[misc]
        except IncorrectLookupParameters:
            raise BadRequest("no such filter") from None


class Csv(Guarded, _Csv):
    """For Excel and every other program that reads CSV."""


class Xlsx(Guarded, _Xlsx):
    """Excel's own."""
