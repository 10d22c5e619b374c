"""Files that pages give out and take in."""

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.urls import get_resolver
from openpyxl import Workbook
from tablib import Dataset

from stockdesk.spreadsheets import MOST_BYTES, MOST_UNPACKED, Csv, Guarded, Xlsx


@pytest.mark.parametrize("form", [Csv(), Xlsx()])
def test_whatever_table_it_comes_from_no_text_leaves_as_a_formula(form):
    texts = ["=1+1", "+82", "-1", "@SUM", "\t=1", "\r=1", "＝1", "삼성전자", "'=1"]
    table = Dataset(*[[text] for text in texts], [-5], headers=["name"])
    back = form.create_dataset(form.export_data(table))
    cells = [str(row[0]) for row in back]
    assert not [cell for cell in cells[:-1] if cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝"))]
    assert cells[7] == "삼성전자"
    assert cells[-1] == "-5"  # a number stays one


def test_every_export_and_import_of_the_admin_uses_them():
    get_resolver().url_patterns  # noqa: B018  (loads the admin's pages)
    found = [page for page in admin.site._registry.values() if hasattr(page, "get_export_formats")]
    assert len(found) >= 2
    for page in found:
        forms = [
            *page.get_export_formats(),
            *(page.get_import_formats() if hasattr(page, "get_import_formats") else []),
        ]
        assert forms
        assert all(issubclass(form, Guarded) for form in forms), page


@pytest.mark.parametrize("form", [Csv(), Xlsx()])
def test_a_file_that_is_too_large_is_not_read(form):
    with pytest.raises(ValidationError):
        form.create_dataset(b"x" * (MOST_BYTES + 1))


def test_a_small_file_that_unpacks_to_a_huge_one_is_not_unpacked():
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED, compresslevel=9) as bomb:
        bomb.writestr("xl/worksheets/sheet1.xml", b"0" * (MOST_UNPACKED + 1))
    assert len(packed.getvalue()) < MOST_BYTES
    with pytest.raises(ValidationError, match="40 MB"):
        Xlsx().create_dataset(packed.getvalue())


def workbook(**cells):
    book, file = Workbook(), BytesIO()
    for place, value in {"A1": "symbol", "B1": "note", "A2": "005930", **cells}.items():
        book.active[place] = value
    book.save(file)
    return file.getvalue()


def test_one_cell_in_the_last_corner_of_a_sheet_does_not_make_all_before_it():
    with pytest.raises(ValidationError, match="20000"):
        Xlsx().create_dataset(workbook(XFD1048576="x"))


def test_a_table_of_a_million_short_lines_is_not_read():
    with pytest.raises(ValidationError, match="20000"):
        Csv().create_dataset(b"symbol\n" + b"1\n" * 900_000)


def test_cells_beside_the_table_are_left_out_and_gaps_in_it_are_kept():
    found = Xlsx().create_dataset(workbook(B4="three", ZZ2="far away"))
    assert found.headers == ["symbol", "note"]
    assert list(found) == [("005930", None), (None, None), (None, "three")]
