"""The screen of the strike conditions."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from market.models import Quote
from stockdesk.confirmation import yes_to
from stockdesk.events import clear_event, raise_event
from stockdesk.unfold import navigation
from tests.people import client_of, owner, with_device
from tests.trading.conftest import HYNIX, SAMSUNG, needs_account, stored
from tests.trading.values import an_order
from trading import desk
from trading.database import DatabaseStorage
from trading.models import Condition, Refusal
from trading.states import State
from trading.values import Mode
from trading.values import Refusal as Why

pytestmark = pytest.mark.usefixtures("english_pages")
LIST = "admin:trading_condition_changelist"
ADD = "admin:trading_condition_add"


@pytest.fixture
def admin(listed: None) -> Client:
    return client_of(with_device(owner()), "en")


def typed(**changes: str) -> dict[str, str]:
    return {
        "symbol": SAMSUNG, "side": "buy", "enabled": "on", "trigger": "at_or_below", "strike_price": "69,000",
        "sizing": "quantity", "quantity": "10주", "pricing": "strike", "repeat": "1", "cool_down": "60",
        "position": "0", **changes,
    }  # fmt: skip


def add(admin: Client, **changes: str) -> Any:
    return admin.post(reverse(ADD), typed(**changes))


def errors(response: Any) -> dict[str, list[str]]:
    return {name: list(texts) for name, texts in response.context["adminform"].form.errors.items()}


def page(admin: Client, **query: str) -> str:
    return admin.get(reverse(LIST), query).content.decode()


def line(admin: Client, condition: Condition) -> dict[str, Any]:
    answer = admin.get(reverse("admin:trading_condition_live"), {"rows": str(condition.pk)})
    return answer.json()["rows"][str(condition.pk)]


# Forms


def test_a_condition_is_stored_as_it_was_typed(admin: Client) -> None:
    assert add(admin, strike_price="６９，０００", cancel_after="30").status_code == 302
    condition = Condition.objects.get()
    assert (condition.strike_price, condition.quantity, condition.cancel_after) == (69_000, 10, 30)
    assert (condition.enabled, condition.source, condition.repeat, condition.cool_down) == (True, "admin", 1, 60)


def test_a_stock_is_found_by_its_name(admin: Client) -> None:
    add(admin, symbol="삼성전자")
    assert Condition.objects.get().symbol == SAMSUNG


@pytest.mark.parametrize(
    ("changes", "symbol"),
    [
        ({"symbol": "하이닉"}, "SK하이닉스 (000660)"),
        ({"symbol": "없는 이름"}, "없는 이름"),
        ({"symbol": "123456"}, "master"),
    ],
)
def test_a_stock_that_is_not_listed_is_refused(admin: Client, changes: dict[str, str], symbol: str) -> None:
    assert symbol in errors(add(admin, **changes))["symbol"][0]
    assert not Condition.objects.exists()


def test_nothing_typed_is_lost_when_something_is_wrong(admin: Client) -> None:
    wrong = {"strike_price": "6,9000", "quantity": "열 주", "note": "급락 때", "hours_from": "25시", "repeat": "두 번"}
    form = add(admin, **wrong).context["adminform"].form
    assert {name: form[name].value() for name in wrong} == wrong
    assert set(form.errors) == {"strike_price", "quantity", "hours_from", "repeat"}


def test_all_that_is_wrong_is_said_at_once(admin: Client) -> None:
    found = errors(add(admin, strike_price="69,050", quantity="0", hours_to="08:00"))
    assert set(found) == {"strike_price", "quantity", "hours_to"}
    assert "69,000" in found["strike_price"][0]
    assert "69,100" in found["strike_price"][0]


def test_a_number_that_cannot_be_read_is_not_called_missing_as_well(admin: Client) -> None:
    assert errors(add(admin, quantity="x")) == {"quantity": ["Only digits and commas may be used."]}


def test_what_the_browser_hides_is_not_sent_and_what_is_sent_in_vain_is_said(admin: Client) -> None:
    trailing = typed(side="sell", trigger="trailing", rate="2.5")
    del trailing["strike_price"]
    assert admin.post(reverse(ADD), trailing).status_code == 302
    assert Condition.objects.get().strike_price is None
    assert set(errors(add(admin, side="sell", trigger="trailing", rate="2.5"))) == {"strike_price"}


def test_a_doubt_is_said_and_the_condition_stored(admin: Client) -> None:
    shown = admin.post(reverse(ADD), typed(strike_price="70,500"), follow=True).content.decode()
    assert "The price is there already (KRW 70,000)" in shown
    assert Condition.objects.get().strike_price == 70_500


def test_a_second_condition_of_the_same_words_is_refused(admin: Client) -> None:
    add(admin)
    assert "__all__" in errors(add(admin))
    assert add(admin, enabled="").status_code == 302  # off, it does no harm


def test_an_open_form_saved_untouched_changes_nothing(admin: Client) -> None:
    add(admin)
    condition = Condition.objects.get()
    url = reverse("admin:trading_condition_change", args=[condition.pk])
    form = admin.get(url).context["adminform"].form
    data = {field.name: field.value() for field in form if field.value() not in (None, False)}
    assert data["strike_price"] == "69,000"
    assert admin.post(url, {name: str(value) for name, value in data.items()}).status_code == 302
    assert Condition.objects.get().revision == 1
    assert Condition.history.count() == 1


def test_a_form_opened_before_the_desk_switched_it_off_does_not_switch_it_on_again(admin: Client) -> None:
    condition = stored()
    url = reverse("admin:trading_condition_change", args=[condition.pk])
    opened = admin.get(url)
    seen = str(opened.context["adminform"].form["seen_revision"].value())
    assert f'name="seen_revision" value="{seen}"' in opened.content.decode()
    storage = DatabaseStorage()
    storage.switch_off(storage.conditions()[0], "refused 3 times: 잔고 부족", timezone.now())
    answer = admin.post(url, typed(note="x", seen_revision=seen))
    assert "changed meanwhile" in errors(answer)["__all__"][0]
    assert not Condition.objects.get().enabled
    again = str(admin.get(url).context["adminform"].form["seen_revision"].value())
    assert admin.post(url, typed(note="x", seen_revision=again)).status_code == 302
    assert Condition.objects.get().enabled


def test_the_engines_best_price_does_not_get_in_the_way_of_an_open_form(admin: Client) -> None:
    condition = stored(side="sell", trigger="trailing", strike_price=None, rate=2)
    url = reverse("admin:trading_condition_change", args=[condition.pk])
    seen = str(admin.get(url).context["adminform"].form["seen_revision"].value())
    Condition.objects.update(best_price=71_000)
    data = typed(side="sell", trigger="trailing", strike_price="", rate="3", seen_revision=seen)
    assert admin.post(url, data).status_code == 302
    assert (Condition.objects.get().rate, Condition.objects.get().best_price) == (3, 71_000)


def test_a_new_form_offers_careful_defaults(admin: Client) -> None:
    form = admin.get(reverse(ADD)).context["adminform"].form
    assert [form[name].value() for name in ("enabled", "repeat", "cool_down")] == [False, "1", "60"]


# The list


def test_a_line_says_stock_side_words_price_and_distance(admin: Client) -> None:
    stored()
    text = page(admin)
    assert '<span class="desk-name">삼성전자</span> <span class="desk-code">005930</span>' in text
    assert '<b class="desk-side desk-up">buy</b>' in text
    assert "at 69,000 or below: buy 10 shares, limit order" in text
    assert 'desk-flat">70,000</b>' in text
    assert '<span class="desk-distance">-1.43%</span>' in text
    assert 'desk-is-waiting">waiting' in text


def test_a_sell_is_blue(admin: Client) -> None:
    stored(side="sell", trigger="at_or_above", strike_price=71_000)
    assert '<b class="desk-side desk-down">sell</b>' in page(admin)


@needs_account
@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(
    ("words", "distance", "strike"),
    [
        ({"trigger": "take_profit", "rate": 10}, "+2.14%", "at KRW 71,500"),
        ({"trigger": "stop_loss", "rate": 10}, "-16.43%", "at KRW 58,500"),
        ({"trigger": "take_profit", "rate": 5}, "reached", "at KRW 68,250"),
        ({"trigger": "trailing", "rate": 2}, "–", ""),
    ],
)
def test_the_distance_of_a_rate_is_reckoned_from_the_average_price(
    admin: Client, words: dict[str, Any], distance: str, strike: str
) -> None:
    condition = stored(side="sell", strike_price=None, **words)
    found = line(admin, condition)
    assert (found["distance"], found["strike"]) == (distance, strike)


def test_the_distance_of_a_trailing_one_is_reckoned_from_the_best_price(admin: Client) -> None:
    condition = stored(side="sell", trigger="trailing", strike_price=None, rate=2)
    Condition.objects.update(best_price=71_000)
    assert (line(admin, condition)["distance"], line(admin, condition)["strike"]) == ("-0.60%", "at KRW 69,580")


@needs_account
@pytest.mark.usefixtures("held")
def test_without_a_holding_a_rate_says_so(admin: Client) -> None:
    condition = stored(symbol=HYNIX, side="sell", trigger="take_profit", strike_price=None, rate=2)
    assert line(admin, condition)["strike"] == "no holding"


def test_before_the_account_was_read_nothing_is_said_of_what_it_holds(admin: Client) -> None:
    condition = stored(side="sell", trigger="take_profit", strike_price=None, rate=2)
    assert line(admin, condition)["strike"] == ""


@pytest.mark.parametrize(
    ("prepare", "kind", "state"),
    [
        ({"enabled": False}, "off", "off"),
        ({}, "waiting", "waiting"),
        ({"problem": "side: missing."}, "invalid", "invalid: side: missing."),
    ],
)
def test_a_state_by_the_row(admin: Client, prepare: dict[str, Any], kind: str, state: str) -> None:
    found = line(admin, stored(**prepare))
    assert (found["kind"], found["state"]) == (kind, state)


@pytest.mark.parametrize(
    ("orders", "kind", "state"),
    [
        ([State.ACCEPTED], "running", "working (1/2)"),
        ([State.UNKNOWN], "running", "working (1/2)"),
        ([State.FILLED], "waiting", "waiting (1/2)"),
        ([State.FILLED, State.CANCELLED], "fired", "fired (2/2)"),
        ([State.REJECTED], "waiting", "waiting"),
    ],
)
def test_a_state_by_the_ledger(admin: Client, settings: Any, orders: list[State], kind: str, state: str) -> None:
    condition = stored(repeat=2)
    mode = Mode.DRY_RUN if settings.DESK.mode == "dry-run" else Mode.MOCK
    desk.set_mode(mode, "me", timezone.now())
    for number, ended in enumerate(orders):
        order = an_order(
            intent_key=f"condition:{condition.pk}:1:{number}", condition_id=condition.pk, state=ended, mode=mode,
            created_at=timezone.now() + timedelta(seconds=1), ordered_on=timezone.localdate(), condition_revision=1,
        )  # fmt: skip
        DatabaseStorage().add(order)
    found = line(admin, condition)
    assert (found["kind"], found["state"]) == (kind, state)


def test_one_that_the_desk_switched_off_says_why(admin: Client) -> None:
    condition = stored()
    storage = DatabaseStorage()
    storage.switch_off(storage.conditions()[0], "refused 3 times: 잔고 부족", timezone.now())
    assert line(admin, condition)["state"] == "switched off: refused 3 times: 잔고 부족"


def test_the_last_reason_why_not_is_there_with_its_time(admin: Client) -> None:
    condition = stored()
    now = timezone.now()
    storage = DatabaseStorage()
    for code, at in (("not_covered", now - timedelta(seconds=20)), ("not_reached", now)):
        storage.note_refusal(Why(code, "x", condition.pk, 1, SAMSUNG, "buy"), at)
    found = line(admin, condition)
    assert (found["why"], found["old_why"]) == ("The price is not there yet.", False)
    assert found["why_at"] == f"{timezone.localtime(now):%H:%M:%S}"
    condition.quantity = 11
    condition.save()
    assert line(admin, condition)["old_why"]  # said of other words


def test_the_list_costs_as_many_queries_for_forty_rows_as_for_two(admin: Client) -> None:
    stored()
    stored(strike_price=68_000)
    page(admin)
    with CaptureQueriesContext(connection) as few:
        page(admin)
    for number in range(38):
        stored(symbol=HYNIX, strike_price=150_000 + number * 100)
    with CaptureQueriesContext(connection) as many:
        text = page(admin)
    assert text.count('class="desk-switch"') == 40
    assert len(many) == len(few)
    assert len(many) < 25


def test_markup_in_names_and_reasons_is_shown_as_text(admin: Client) -> None:
    evil = "<script>alert(1)</script>"
    condition = stored(problem=evil, note=evil)
    text = page(admin) + admin.get(reverse("admin:trading_condition_history", args=[condition.pk])).content.decode()
    assert evil not in text
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize("words", ["5930", "삼성", "전자 5930", "급락"])
def test_a_search_looks_at_name_code_and_note(admin: Client, words: str) -> None:
    wanted = stored(note="급락 때 매수")
    stored(symbol=HYNIX, strike_price=190_000)
    assert [row.pk for row in admin.get(reverse(LIST), {"q": words}).context["cl"].result_list] == [wanted.pk]


def test_the_state_filter_parts_the_rows(admin: Client) -> None:
    on, off = stored(), stored(strike_price=68_000, enabled=False)
    stopped, invalid = stored(strike_price=67_000), stored(strike_price=66_000, problem="x")
    DatabaseStorage().switch_off(DatabaseStorage().condition(stopped.pk), "refused 3 times: x", timezone.now())  # type: ignore[arg-type]

    def found(state: str) -> set[int]:
        return {row.pk for row in admin.get(reverse(LIST), {"state": state}).context["cl"].result_list}

    assert found("on") == {on.pk}
    assert found("off") == {off.pk, stopped.pk}
    assert found("stopped") == {stopped.pk}
    assert found("invalid") == {invalid.pk}


# Switching


def flip(admin: Client, condition: Condition, to: str) -> Any:
    url = reverse("admin:trading_condition_switch", args=[condition.pk])
    return admin.post(url, {"enabled": to}, headers={"Accept": "application/json"})


def test_a_switch_in_the_line_switches_and_arms_and_is_remembered(admin: Client) -> None:
    condition = stored(enabled=False)
    answer = flip(admin, condition, "on")
    assert answer.json() == {"enabled": True, "warning": ""}
    after = Condition.objects.get()
    assert after.enabled
    assert after.armed_at != condition.armed_at
    assert Condition.history.first().history_user.username == "desk"
    assert LogEntry.objects.get().change_message == "enabled=on"
    assert flip(admin, condition, "on").json()["enabled"]
    assert Condition.objects.get().revision == after.revision  # a second click changes nothing


def test_a_condition_that_could_not_work_is_not_switched_on(admin: Client) -> None:
    stored()
    twin = stored(enabled=False)
    answer = flip(admin, twin, "on")
    assert answer.status_code == 409
    assert "on already" in answer.json()["error"]
    assert not Condition.objects.get(pk=twin.pk).enabled


def test_many_are_switched_after_a_confirmation_that_names_them(admin: Client) -> None:
    fine, board = stored(enabled=False), stored(enabled=False, source="board", wr_id=7, strike_price=68_000)
    stored(strike_price=67_000)
    rows = [str(row.pk) for row in Condition.objects.all()]
    asked = admin.post(reverse(LIST), {"action": "switch_on", "_selected_action": rows})
    deed = asked.context["deed"]
    assert [row.pk for row in deed.rows] == [fine.pk]
    assert len(deed.left) == 2
    assert not Condition.objects.get(pk=fine.pk).enabled
    admin.post(reverse(LIST), {"action": "switch_on", "_selected_action": rows, "confirmed": deed.yes})
    assert Condition.objects.get(pk=fine.pk).enabled
    assert not Condition.objects.get(pk=board.pk).enabled


def test_many_are_switched_off_together(admin: Client) -> None:
    rows = [str(stored(strike_price=69_000 - 100 * number).pk) for number in range(3)]
    admin.post(reverse(LIST), {"action": "switch_off", "_selected_action": rows, "confirmed": yes_to(rows)})
    assert Condition.objects.filter(enabled=True).count() == 0
    assert LogEntry.objects.count() == 3


# The board's own


def test_a_condition_of_the_board_is_read_only_and_says_where_it_is_changed(admin: Client) -> None:
    condition = stored(source="board", wr_id=7)
    url = reverse("admin:trading_condition_change", args=[condition.pk])
    text = admin.get(url).content.decode()
    assert reverse("admin:market_watchrow_change", args=[7]) in text
    assert 'name="strike_price"' not in text
    assert admin.post(url, typed(strike_price="60,000")).status_code == 403
    assert flip(admin, condition, "off").status_code == 409
    assert (
        admin.post(reverse("admin:trading_condition_delete", args=[condition.pk]), {"post": "yes"}).status_code == 403
    )
    assert Condition.objects.get().strike_price == 69_000


def test_while_the_board_cannot_be_read_its_conditions_say_so(admin: Client) -> None:
    board, own = stored(source="board", wr_id=7), stored(strike_price=68_000)
    raise_event("trading", "board-unreadable")
    assert line(admin, board)["state"] == "waiting · the board cannot be read"
    assert line(admin, own)["state"] == "waiting"
    clear_event("trading", "board-unreadable")
    assert line(admin, board)["state"] == "waiting"


def test_many_are_not_deleted_where_the_board_has_one_of_them(admin: Client) -> None:
    rows = [str(stored().pk), str(stored(source="board", wr_id=7).pk)]
    admin.post(reverse(LIST), {"action": "delete_selected", "_selected_action": rows, "post": "yes"})
    assert Condition.objects.count() == 2
    admin.post(reverse(LIST), {"action": "delete_selected", "_selected_action": rows[:1], "post": "yes"})
    assert Condition.objects.get().source == "board"


def test_a_deleted_condition_takes_its_reasons_along_and_leaves_its_orders(admin: Client) -> None:
    condition = stored()
    DatabaseStorage().note_refusal(Why("off", "x", condition.pk, 1, SAMSUNG, "buy"), timezone.now())
    DatabaseStorage().add(an_order(condition_id=condition.pk))
    admin.post(reverse("admin:trading_condition_delete", args=[condition.pk]), {"post": "yes"})
    assert not Condition.objects.exists()
    assert not Refusal.objects.exists()
    assert len(DatabaseStorage().orders(an_order().ordered_on)) == 1


# History


def test_the_history_says_who_changed_what_in_words(admin: Client) -> None:
    add(admin)
    condition = Condition.objects.get()
    url = reverse("admin:trading_condition_change", args=[condition.pk])
    admin.post(url, typed(strike_price="68,500", pricing="market", valid_to="2030-01-31"))
    text = admin.get(reverse("admin:trading_condition_history", args=[condition.pk])).content.decode()
    assert "<b>desk</b>" in text
    assert "<del>69,000</del> → <ins>68,500</ins>" in text
    assert "<del>limit at the strike price</del> → <ins>market order</ins>" in text
    assert "<del>none</del> → <ins>2030-01-31</ins>" in text
    assert "evision" not in text


def test_an_old_version_cannot_be_brought_back_past_the_checks(admin: Client) -> None:
    add(admin)
    version = Condition.history.get()
    condition = Condition.objects.get()
    condition.strike_price = 68_000
    condition.save()
    url = reverse("admin:trading_condition_simple_history", args=[condition.pk, version.pk])
    assert admin.get(url).status_code == 302
    assert admin.post(url, typed()).status_code == 302
    assert Condition.objects.get().strike_price == 68_000


# Who may


def test_a_reader_sees_the_list_and_can_change_nothing(listed: None) -> None:
    condition = stored()
    reader = User.objects.create_user("reader", password="a long password", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_condition"))
    client = Client()
    client.force_login(reader)
    assert client.get(reverse(LIST)).status_code == 200
    assert flip(client, condition, "off").status_code == 403
    assert client.post(reverse(ADD), typed()).status_code == 403
    assert client.get(reverse("admin:trading_condition_import")).status_code == 403
    assert Condition.objects.get().enabled


@pytest.mark.parametrize("name", ["live", "symbols"])
def test_a_stranger_reads_nothing(listed: None, name: str) -> None:
    url = reverse(f"admin:trading_condition_{name}")
    assert Client().get(url).status_code == 302
    staff = Client()
    staff.force_login(User.objects.create_user("other", password="a long password", is_staff=True))
    assert staff.get(url).status_code == 403


def test_instruments_are_offered_while_a_symbol_is_typed(admin: Client) -> None:
    url = reverse("admin:trading_condition_symbols")
    assert admin.get(url, {"q": "하이"}).json() == {"found": [{"symbol": HYNIX, "name": "SK하이닉스"}]}
    assert admin.get(url, {"q": "0059"}).json()["found"][0]["symbol"] == SAMSUNG
    assert admin.get(url, {"q": ""}).json() == {"found": []}


def test_watch_list_and_conditions_come_first_in_the_sidebar(admin: Client, rf: Any) -> None:
    request = rf.get("/admin/")
    request.user = User.objects.get()
    first = navigation(request)[0]["items"][:2]
    assert [str(item["link"]) for item in first] == ["/admin/market/watchrow/", "/admin/trading/condition/"]


def test_an_old_price_looks_old(admin: Client) -> None:
    condition = stored()
    assert not line(admin, condition)["old"]
    Quote.objects.update(received_at=timezone.now() - timedelta(seconds=11))
    assert line(admin, condition)["old"]
