import json
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from market.models import Instrument, Quote, WatchRow
from stockdesk.access import OPERATOR, TRADER
from stockdesk.confirmation import yes_to
from tests.people import client_of, owner, person

from .conftest import Board, sql

pytestmark = pytest.mark.usefixtures("english_pages")
LIST = "admin:market_watchrow_changelist"


@pytest.fixture
def admin(board: Board) -> Client:
    return client_of(owner(), "en")


@pytest.fixture
def samsung() -> None:
    Instrument.objects.create(symbol="005930", name="삼성전자", market="KOSPI")
    Instrument.objects.create(symbol="000660", name="SK하이닉스", market="KOSPI")
    Instrument.objects.create(symbol="0001A0", name="새 종목", market="KOSDAQ")


def change_url(wr_id: int) -> str:
    return reverse("admin:market_watchrow_change", args=[wr_id])


def shown_form(admin: Client, wr_id: int) -> dict[str, str]:
    """What a browser would send back if nobody touched the page: fields with their hidden initials."""
    form = admin.get(change_url(wr_id)).context["adminform"].form
    data = {}
    for bound in form:
        value = bound.value()
        if bound.name == "running":
            data["initial-running"] = str(bool(value))
            if value:
                data["running"] = "on"
        else:
            data[bound.name] = data[f"initial-{bound.name}"] = "" if value is None else str(value)
    return data


def test_a_line_shows_name_code_price_direction_and_state(admin, board, samsung):
    board.stock("A005930", "삼성전자")
    now = timezone.now()
    Quote.objects.create(
        symbol="005930", last_price=71_900, change=-1_200, sign="5", change_rate="-1.64", session=2,
        traded_at=now, received_at=now,
    )  # fmt: skip
    page = admin.get(reverse(LIST)).content.decode()
    assert '<b class="desk-price desk-down">71,900</b>' in page
    assert "▼ 1,200  -1.64%" in page
    assert '<span class="desk-code"><a class="desk-link" href="/symbol/005930/">005930</a></span>' in page
    assert '<span class="desk-session">2</span>' in page
    assert 'desk-is-running">running' in page


def test_the_price_of_a_limit_up_is_red_and_an_old_one_looks_old(admin, board):
    board.stock("005930")
    Quote.objects.create(
        symbol="005930", last_price=100, change=23, sign="1", received_at=timezone.now() - timedelta(minutes=5)
    )
    page = admin.get(reverse(LIST)).content.decode()
    assert "desk-price desk-up" in page
    assert "desk-time desk-old" in page
    assert "5 min ago" in page


def test_running_rows_without_a_usable_code_say_why(admin, board):
    board.stock("", "코드 없음")
    board.stock("삼성", "이름을 적음")
    page = admin.get(reverse(LIST)).content.decode()
    assert "running, but the code is empty" in page
    assert "running, but this is no stock code" in page


def test_the_list_costs_as_many_queries_for_forty_rows_as_for_four(admin, board, samsung):
    for n in range(4):
        board.stock(f"{n + 1:06}")
    admin.get(reverse(LIST))
    with CaptureQueriesContext(connection) as few:
        admin.get(reverse(LIST))
    for n in range(4, 40):
        board.stock(f"{n + 1:06}")
        Quote.objects.create(symbol=f"{n + 1:06}", last_price=n)
    with CaptureQueriesContext(connection) as many:
        page = admin.get(reverse(LIST))
    assert page.content.decode().count('class="desk-switch"') == 40
    assert len(many) == len(few)
    assert len(many) < 12


def test_a_name_with_markup_is_shown_as_text(admin, board):
    evil = "<script>alert(1)</script>"
    wr_id = board.stock("005930", evil)
    Quote.objects.create(symbol="005930", name="<img src=x onerror=alert(1)>")
    for url in (reverse(LIST), change_url(wr_id), reverse("admin:market_quote_changelist")):
        page = admin.get(url).content.decode()
        assert evil not in page
        assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in admin.get(reverse(LIST)).content.decode()


def test_comments_and_answers_are_no_lines(admin, board):
    parent = board.stock("005930", "글")
    board.stock("000660", "댓글", wr_is_comment=1, wr_parent=parent)
    board.stock("000660", "답글", wr_reply="A")
    assert [row.pk for row in admin.get(reverse(LIST)).context["cl"].result_list] == [parent]


def test_a_zero_date_breaks_neither_list_nor_form(admin, board):
    wr_id = board.stock("005930", wr_datetime="0000-00-00 00:00:00")
    assert admin.get(reverse(LIST)).status_code == 200
    assert admin.get(change_url(wr_id)).status_code == 200


@pytest.mark.parametrize("words", ["5930", "005930", "삼성", "전자 5930", "a005930"])
def test_search_finds_a_row_by_name_and_by_code_however_it_is_spelt(admin, board, words):
    wanted = board.stock("A005930", "삼성전자")
    board.stock("000660", "SK하이닉스")
    assert [row.pk for row in admin.get(reverse(LIST), {"q": words}).context["cl"].result_list] == [wanted]


def test_filters_judge_the_run_flag_and_the_market_as_the_collector_does(admin, board, samsung):
    board.remake(x2_run="varchar(10) NOT NULL DEFAULT ''")
    on = board.stock("0001a0", "새 종목", run="Y")
    off = board.stock("005930", "삼성전자", run="0")
    invalid = board.stock("", "코드 없음", run="1")

    def found(**query: str) -> list[int]:
        return sorted(row.pk for row in admin.get(reverse(LIST), query).context["cl"].result_list)

    assert found(run="on") == [on, invalid]
    assert found(run="off") == [off]
    assert found(run="invalid") == [invalid]
    assert found(market="KOSDAQ") == [on]
    assert found(market="none") == [invalid]
    assert found(run="off", market="KOSPI") == [off]
    assert found(run="nonsense") == [on, off, invalid]


def test_codes_with_letters_have_pages_of_their_own(admin, board, samsung):
    board.stock("0001A0", "새 종목")
    Quote.objects.create(symbol="0001A0", name="새 종목", source="ws")
    assert admin.get("/admin/market/quote/0001A0/change/").status_code == 200
    assert admin.get("/admin/market/instrument/0001A0/change/").status_code == 200
    assert "0001A0" in admin.get("/admin/market/quote/", {"q": "0001A0", "source": "ws"}).content.decode()
    assert len(admin.get(reverse(LIST), {"q": "0001A0"}).context["cl"].result_list) == 1


def test_one_click_switches_one_row_and_makes_its_quote(admin, board):
    wr_id = board.stock("005930", "삼성전자", run="")
    other = board.stock("000660", run="")
    answer = admin.post(
        reverse("admin:market_watchrow_switch", args=[wr_id]), {"run": "on"}, headers={"Accept": "application/json"}
    )
    assert answer.json() == {"running": True}
    assert (board.row(wr_id)["x2_run"], board.row(other)["x2_run"]) == ("1", "")
    assert Quote.objects.get().symbol == "005930"
    assert LogEntry.objects.get().object_id == str(wr_id)


def test_the_switch_works_without_scripts_too(admin, board):
    wr_id = board.stock("005930", "삼성전자")
    page = admin.post(reverse("admin:market_watchrow_switch", args=[wr_id]), {"run": "off"}, follow=True)
    assert "삼성전자 is switched off." in page.content.decode()
    assert board.row(wr_id)["x2_run"] == ""


def test_a_switch_is_no_link_and_needs_a_token_and_a_permission(admin, board):
    wr_id = board.stock("005930")
    url = reverse("admin:market_watchrow_switch", args=[wr_id])
    assert admin.get(url).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get())
    assert strict.post(url, {"run": "off"}).status_code == 403
    reader = User.objects.create_user("reader", password="a long password", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_watchrow"))
    client = Client()
    client.force_login(reader)
    assert client.get(reverse(LIST)).status_code == 200
    assert client.post(url, {"run": "off"}).status_code == 403
    assert board.row(wr_id)["x2_run"] == "1"
    assert Client().get(reverse("admin:market_watchrow_live")).status_code == 302


def test_switching_a_row_that_php_deleted_is_not_found(admin, board):
    assert admin.post(reverse("admin:market_watchrow_switch", args=[4711]), {"run": "on"}).status_code == 404


@pytest.mark.parametrize(
    ("action", "before", "flag", "text"),
    [("switch_off", "Y", "", "2 rows were switched off."), ("switch_on", "n", "1", "2 rows are running now.")],
)
def test_many_rows_are_switched_at_once_and_the_page_says_how_many(admin, board, action, before, flag, text):
    ids = [board.stock("005930", run=before), board.stock("000660", run=before)]
    there, third = board.stock("051910", run=flag), board.stock("035720", run="Y")
    chosen = {"action": action, "_selected_action": [*ids, there], "confirmed": yes_to(ids)}
    page = admin.post(reverse(LIST), chosen, follow=True)
    assert text in page.content.decode()
    assert [board.row(n)["x2_run"] for n in (*ids, there, third)] == [flag, flag, flag, "Y"]


def test_live_cells_are_text_for_the_rows_asked_for(admin, board):
    first, second = board.stock("005930", "삼성전자"), board.stock("000660", run="")
    Quote.objects.create(symbol="005930", last_price=71_900, change=1_200, sign="2", received_at=timezone.now())
    answer = admin.get(reverse("admin:market_watchrow_live"), {"rows": f"{first},{second},x,99"})
    rows = json.loads(answer.content)["rows"]
    assert sorted(rows) == sorted([str(first), str(second)])
    assert (rows[str(first)]["price"], rows[str(first)]["direction"]) == ("71,900", "up")
    assert (rows[str(first)]["kind"], rows[str(second)]["kind"]) == ("running", "off")
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_new_row_is_a_whole_post_of_the_board(admin, board, site, samsung):
    url = reverse("admin:market_watchrow_add")
    assert admin.get(url).status_code == 200
    answer = admin.post(url, {"symbol": "a0001a0", "name": "", "running": "on", "price": "71,900원", "quantity": ""})
    assert answer.status_code == 302, answer.context["errors"]
    (wr_id,) = WatchRow.objects.values_list("pk", flat=True)
    row = board.row(wr_id)
    assert (row["wr_1"], row["wr_subject"], row["x2_run"], row["wr_2"]) == ("0001A0", "새 종목", "1", "71900")
    assert (row["wr_num"], row["wr_parent"], row["wr_name"]) == (-1, wr_id, "주인")
    assert site() == [("daemon_kind_stock", wr_id, wr_id, "boss")]
    assert Quote.objects.get().name == "새 종목"


def test_a_name_will_do_for_a_code_when_it_is_exact(admin, board, samsung):
    admin.post(reverse("admin:market_watchrow_add"), {"symbol": "삼성전자", "running": "on"})
    assert WatchRow.objects.get().code_value == "005930"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"symbol": "123456"}, "123456 is not a listed instrument."),
        ({"symbol": "없는 이름"}, "없는 이름 is not a stock code."),
        ({"symbol": "하이닉스"}, "Which one: SK하이닉스 (000660)?"),
        ({"symbol": "005930", "price": "12,34"}, "Write a whole number above zero."),
        ({"symbol": "005930", "quantity": "-5"}, "Write a whole number above zero."),
        ({"symbol": "005930", "name": "가" * 256}, "at most 255 characters"),
    ],
)
def test_what_is_typed_wrong_is_refused_before_anything_is_written(admin, board, samsung, data, message):
    page = admin.post(reverse("admin:market_watchrow_add"), data)
    assert page.status_code == 200
    assert message in page.content.decode()
    assert WatchRow.objects.count() == 0


def test_without_a_master_any_well_formed_code_is_taken(admin, board):
    admin.post(reverse("admin:market_watchrow_add"), {"symbol": "5930", "running": "on"})
    assert WatchRow.objects.get().code_value == "005930"


def test_an_emoji_is_refused_by_the_form_where_the_table_is_utf8mb3(admin, board, samsung):
    board.remake(charset="utf8mb3")
    page = admin.post(reverse("admin:market_watchrow_add"), {"symbol": "005930", "name": "삼성 🚀"})
    assert "cannot store the character 🚀" in page.content.decode()
    assert WatchRow.objects.count() == 0


def test_an_edit_writes_only_what_was_changed_on_the_page(admin, board, samsung):
    wr_id = board.stock("A005930", "삼성전자", wr_content="본문", wr_2="70,000", wr_4="3주")
    before = board.row(wr_id)
    data = shown_form(admin, wr_id)
    # Meanwhile PHP counts a visit and the owner raises the price in a Gnuboard tab.
    sql(f"UPDATE {board.table} SET wr_hit = 9, wr_2 = '75,000' WHERE wr_id = %s", wr_id)
    answer = admin.post(change_url(wr_id), {**data, "name": "삼성 장기"})
    assert answer.status_code == 302, answer.context["errors"]
    assert board.row(wr_id) == {**before, "wr_subject": "삼성 장기", "wr_hit": 9, "wr_2": "75,000"}


def test_saving_an_untouched_page_writes_nothing(admin, board, samsung):
    wr_id = board.stock("A005930", "삼성전자", run="Y", wr_2="70,000", wr_datetime="0000-00-00 00:00:00")
    before = board.row(wr_id)
    with CaptureQueriesContext(connection) as queries:
        assert admin.post(change_url(wr_id), shown_form(admin, wr_id)).status_code == 302
    assert not [q for q in queries if q["sql"].startswith("UPDATE") and board.table in q["sql"]]
    assert board.row(wr_id) == before


def test_the_name_follows_the_code_unless_the_owner_had_one_of_his_own(admin, board, samsung):
    plain, own = board.stock("005930", "삼성전자"), board.stock("005930", "내 메모")
    for wr_id in (plain, own):
        admin.post(change_url(wr_id), {**shown_form(admin, wr_id), "symbol": "000660"})
    assert (board.row(plain)["wr_1"], board.row(plain)["wr_subject"]) == ("000660", "SK하이닉스")
    assert (board.row(own)["wr_1"], board.row(own)["wr_subject"]) == ("000660", "내 메모")


def test_switching_off_in_the_form_writes_the_empty_text(admin, board, samsung):
    wr_id = board.stock("005930", "삼성전자")
    data = shown_form(admin, wr_id)
    del data["running"]
    admin.post(change_url(wr_id), data)
    assert board.row(wr_id)["x2_run"] == ""


def test_a_row_deleted_in_the_board_while_its_page_is_open_gives_a_message(admin, board, samsung, monkeypatch):
    wr_id = board.stock("005930", "삼성전자")
    data = shown_form(admin, wr_id)

    def save_late(self, request, form, change):
        sql(f"DELETE FROM {board.table} WHERE wr_id = %s", wr_id)
        return form.instance

    monkeypatch.setattr("market.watch_admin.WatchRowAdmin.save_form", save_late)
    page = admin.post(change_url(wr_id), {**data, "name": "사라진 종목"}, follow=True)
    assert "This row was deleted in the board meanwhile." in page.content.decode()
    gone = admin.get(change_url(wr_id), follow=True)
    assert gone.status_code == 200
    assert gone.redirect_chain


def test_nothing_can_be_deleted_here(admin, board):
    wr_id = board.stock("005930")
    assert admin.post(reverse("admin:market_watchrow_delete", args=[wr_id]), {"post": "yes"}).status_code == 403
    assert "delete_selected" not in admin.get(reverse(LIST)).content.decode()
    assert WatchRow.objects.count() == 1


def test_a_board_that_cannot_be_read_is_said_and_not_shown_as_empty(admin, board, monkeypatch):
    def broken():
        raise OperationalError(1205, "Lock wait timeout exceeded")

    monkeypatch.setattr("market.watch_filters.read_watch_list", broken)
    page = admin.get(reverse(LIST))
    assert page.status_code == 503
    assert "cannot be read right now" in page.content.decode()
    assert "1205" in page.content.decode()
    assert admin.get(reverse("admin:market_watchrow_live"), {"rows": "1"}).status_code == 503


@pytest.mark.parametrize("kind", ["tinyint NOT NULL DEFAULT 1", "enum('Y','N') NOT NULL DEFAULT 'N'", "bit(1)"])
def test_list_form_and_switch_work_with_every_run_column(admin, board, samsung, kind):
    board.remake(x2_run=kind)
    admin.post(reverse("admin:market_watchrow_add"), {"symbol": "005930"})
    wr_id = WatchRow.objects.get().pk
    assert 'aria-checked="false"' in admin.get(reverse(LIST)).content.decode()
    admin.post(change_url(wr_id), {**shown_form(admin, wr_id), "running": "on"})
    assert 'aria-checked="true"' in admin.get(reverse(LIST)).content.decode()


def test_an_operator_makes_no_condition_by_way_of_the_board(board, samsung):
    """A row that says at what price to buy fires an order: it is a trader's, whichever way it is switched."""
    operator = client_of(person("lee", OPERATOR))
    plain = board.stock("000660", "SK하이닉스", run="")
    row = board.stock("005930", "삼성전자", run="", wr_2="70000", wr_3="매수", wr_4="1")
    add = operator.get(reverse("admin:market_watchrow_add")).context["adminform"].form
    assert {"symbol", "running"} <= set(add.fields)
    assert not {"price", "side", "quantity"} & set(add.fields)
    assert operator.post(reverse("admin:market_watchrow_switch", args=[row]), {"run": "on"}).status_code == 403
    operator.post(
        reverse(LIST), {"action": "switch_on", "_selected_action": [row, plain], "confirmed": yes_to([plain])}
    )
    assert (board.row(row)["x2_run"], board.row(plain)["x2_run"] != "") == ("", True)
    trader = client_of(person("kim", TRADER))
    trader.post(reverse("admin:market_watchrow_switch", args=[row]), {"run": "on"})
    assert board.row(row)["x2_run"] != ""
