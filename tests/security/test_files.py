"""Files that pages give out and take in."""

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.urls import get_resolver
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
