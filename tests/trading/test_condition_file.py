"""Conditions to a file and back: nothing is lost, nothing is guessed, and a wrong row takes the whole file with it."""

import csv
import io
from datetime import date, time
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from stockdesk.cells import FORMULA, harmless, plain
from tests.people import client_of, owner, with_device
from tests.trading.conftest import HYNIX, SAMSUNG, stored
from trading.models import Condition

IMPORT, EXPORT = "admin:trading_condition_import", "admin:trading_condition_export"
CSV, XLSX = "0", "1"


@pytest.fixture
def admin(listed: None) -> Client:
    return client_of(with_device(owner()), "ko")


def exported(admin: Client, form: str = CSV) -> bytes:
    answer = admin.post(reverse(EXPORT), {"format": form, "resource": "0"})
    assert answer.status_code == 200
    return answer.content


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def file_of(*rows: dict[str, str], encoding: str = "utf-8-sig") -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def preview(admin: Client, content: bytes, form: str = CSV) -> Any:
    upload = SimpleUploadedFile("conditions.csv", content)
    return admin.post(reverse(IMPORT), {"format": form, "resource": "0", "import_file": upload})


def confirm(admin: Client, shown: Any) -> Any:
    form = shown.context["confirm_form"]
    return admin.post(reverse("admin:trading_condition_process_import"), form.initial)


def imported(admin: Client, content: bytes, form: str = CSV) -> Any:
    return confirm(admin, preview(admin, content, form))


def complaints(shown: Any) -> dict[str, list[str]]:
    assert "confirm_form" not in shown.context
    row = shown.context["result"].invalid_rows[0]
    return {
        **row.field_specific_errors,
        **({"": row.non_field_specific_errors} if row.non_field_specific_errors else {}),
    }


def a_row(**changes: str) -> dict[str, str]:
    return {
        "종목코드": SAMSUNG, "매매구분": "매수", "켜짐": "켬", "발동 기준": "이하일 때", "타격가": "69,000원",
        "수량 기준": "수량", "수량": "10", "가격 방식": "타격가 지정가", **changes,
    }  # fmt: skip


def some_conditions() -> None:
    stored(note="=HYPERLINK(1)", cancel_after=30)
    stored(side="sell", trigger="take_profit", strike_price=None, rate=Decimal("2.5"), sizing="all", quantity=None,
           pricing="ticks", ticks=-2, repeat=3, cool_down=0, valid_from=date(2026, 1, 2), valid_to=date(2099, 12, 31),
           hours_from=time(9, 30), hours_to=time(14, 0, 30))  # fmt: skip
    stored(symbol=HYNIX, strike_price=199_000, sizing="amount", quantity=None, amount=1_000_000, enabled=False)
    stored(source="board", wr_id=7, strike_price=None, quantity=None, problem="타격가: 숫자를 적어 주세요.")
    stored(valid_to=date(2020, 1, 2), note="\t탭", position=-3)  # would be refused today, and is nobody's business


@pytest.mark.parametrize("form", [CSV, XLSX])
def test_an_export_imported_again_changes_nothing(admin: Client, form: str) -> None:
    some_conditions()
    before, history = list(Condition.objects.values()), Condition.history.count()
    shown = preview(admin, exported(admin, form), form)
    assert shown.context["result"].totals["skip"] == 5
    assert confirm(admin, shown).status_code == 302
    assert list(Condition.objects.values()) == before
    assert Condition.history.count() == history


@pytest.mark.parametrize("note", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''", "'", "plain", "ㅡ-"])
@pytest.mark.parametrize("form", [CSV, XLSX])
def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless_and_comes_back_unchanged(
    admin: Client, note: str, form: str
) -> None:
    stored(note=note, ticks=-1, pricing="ticks")
    content = exported(admin, form)
    if form == CSV:
        cells = [cell for row in rows_of(content) for cell in row.values()]
    else:
        sheet = openpyxl.load_workbook(io.BytesIO(content)).active
        assert sheet is not None
        cells = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None]
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert preview(admin, content, form).context["result"].totals["skip"] == 1


@given(st.text(st.sampled_from("'=+-@\t\r a가"), max_size=8))
def test_making_harmless_loses_nothing(text: str) -> None:
    assert plain(harmless(text)) == text
    assert not harmless(text).startswith(FORMULA)


def test_headers_and_words_are_korean_and_codes_keep_their_zeros(admin: Client) -> None:
    condition = stored()
    row = rows_of(exported(admin))[0]
    assert row["조건번호"] == str(condition.pk)
    assert (row["종목코드"], row["종목명"], row["매매구분"]) == (SAMSUNG, "삼성전자", "매수")
    assert (row["켜짐"], row["발동 기준"], row["타격가"], row["출처"]) == ("켬", "이하일 때", "69000", "관리자")


def test_a_new_row_makes_a_condition_after_the_confirmation_only(admin: Client) -> None:
    shown = preview(admin, file_of(a_row()))
    assert shown.context["result"].totals["new"] == 1
    assert not Condition.objects.exists()
    confirm(admin, shown)
    condition = Condition.objects.get()
    assert (condition.symbol, condition.strike_price, condition.quantity, condition.enabled) == (
        SAMSUNG,
        69_000,
        10,
        True,
    )
    assert Condition.history.get().history_user.username == "desk"


def test_a_row_with_a_number_changes_that_condition_and_what_the_file_leaves_out_stays(admin: Client) -> None:
    condition = stored(cancel_after=30, note="그대로")
    imported(admin, file_of({"조건번호": str(condition.pk), "수량": "12"}))
    after = Condition.objects.get()
    assert (after.quantity, after.cancel_after, after.note, after.revision) == (12, 30, "그대로", 2)


def test_the_preview_shows_old_and_new_in_full_and_markup_as_text(admin: Client) -> None:
    condition = stored(note="<b>alt</b>")
    row = {"조건번호": str(condition.pk), "타격가": "68,500", "비고": "<img src=x>"}
    text = preview(admin, file_of(row)).content.decode()
    assert "<del>69000</del> <ins>68500</ins>" in text
    assert "&lt;img src=x&gt;" in text
    assert "<img src=x>" not in text


def test_a_spreadsheet_that_made_numbers_and_dates_of_the_cells_is_read(admin: Client) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([*a_row(), "종료일", "시작 시각"])
    values: dict[str, Any] = {**a_row(), "종목코드": 5930, "타격가": 69_000, "수량": 10.0}
    sheet.append([*values.values(), date(2099, 1, 2), time(9, 30)])
    out = io.BytesIO()
    book.save(out)
    imported(admin, out.getvalue(), XLSX)
    condition = Condition.objects.get()
    assert (condition.symbol, condition.strike_price, condition.quantity) == (SAMSUNG, 69_000, 10)
    assert (condition.valid_to, condition.hours_from) == (date(2099, 1, 2), time(9, 30))


def test_a_file_of_korean_excel_is_read(admin: Client) -> None:
    imported(admin, file_of(a_row(비고="급락 때"), encoding="cp949"))
    assert Condition.objects.get().note == "급락 때"


def test_english_words_and_stored_ones_are_read_too(admin: Client) -> None:
    row = {"symbol": SAMSUNG, "side": "buy", "on": "off", "trigger": "at_or_below", "strike_price": "69000",
           "sizing": "quantity", "quantity": "1", "pricing": "Market order"}  # fmt: skip
    imported(admin, file_of(row))
    assert (Condition.objects.get().pricing, Condition.objects.get().enabled) == ("market", False)


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"종목코드": "123456"}, "종목코드"),
        ({"타격가": "69,050"}, "타격가"),
        ({"타격가": "6,9000"}, "타격가"),
        ({"타격가": "100000"}, "타격가"),
        ({"수량": "0"}, "수량"),
        ({"수량": "1.5"}, "수량"),
        ({"매매구분": "사자"}, "매매구분"),
        ({"켜짐": "아마도"}, "켜짐"),
        ({"발동 기준": "손절", "타격가": "", "비율": "3"}, "발동 기준"),
    ],
)
def test_the_files_rows_are_judged_as_the_forms_are_and_by_column(
    admin: Client, changes: dict[str, str], column: str
) -> None:
    assert list(complaints(preview(admin, file_of(a_row(**changes))))) == [column]


def test_a_wrong_row_imports_nothing_of_the_file(admin: Client) -> None:
    content = file_of(a_row(), a_row(타격가="68,000"), a_row(타격가="67,050"))
    shown = preview(admin, content)
    assert [row.number for row in shown.context["result"].invalid_rows] == [3]
    assert "67,100" in shown.content.decode()
    assert not Condition.objects.exists()


def test_the_same_row_twice_in_one_file_is_refused(admin: Client) -> None:
    assert list(complaints(preview(admin, file_of(a_row(), a_row())))) == [""]


def test_what_went_wrong_since_the_preview_imports_nothing_and_says_so(admin: Client) -> None:
    shown = preview(admin, file_of(a_row(타격가="68,000"), a_row()))
    stored()  # the same as the second row, by somebody else
    answer = admin.post(
        reverse("admin:trading_condition_process_import"), shown.context["confirm_form"].initial, follow=True
    )
    assert Condition.objects.count() == 1
    assert "반영하지 않았습니다" in answer.content.decode()


def test_a_number_that_no_condition_has_is_refused(admin: Client) -> None:
    assert list(complaints(preview(admin, file_of(a_row(조건번호="999"))))) == ["조건번호"]
    assert list(complaints(preview(admin, file_of(a_row(조건번호="일"))))) == ["조건번호"]


def test_a_condition_of_the_board_is_not_changed_by_a_file(admin: Client) -> None:
    stored(source="board", wr_id=7)
    row = rows_of(exported(admin))[0]
    assert list(complaints(preview(admin, file_of({**row, "수량": "99"})))) == [""]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{**a_row(), "타격가격": "1"}], "타격가격"),
        ([{**a_row(), "strike price": "1"}], "타격가"),
    ],
)
def test_a_column_that_is_not_known_or_there_twice_is_named(
    admin: Client, rows: list[dict[str, str]], said: str
) -> None:
    shown = preview(admin, file_of(*rows))
    assert "confirm_form" not in shown.context
    assert said in str(shown.context["result"].base_errors[0].error)
    assert "Traceback" not in shown.content.decode()


def test_a_file_that_is_none_is_refused_in_words(admin: Client) -> None:
    shown = preview(admin, b"\xff\xfe\x00garbage", XLSX)
    assert shown.context["form"].errors["import_file"]
