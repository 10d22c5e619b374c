"""The broker's answers in the admin: to read, not to change, and without the account's number."""

from decimal import Decimal

import pytest

from stockdesk.unfold import UNFOLD
from tests.people import client_of, owner

from .conftest import ASKED_AT, balance, held


@pytest.fixture
def admin(db, settings):
    settings.UNFOLD = UNFOLD
    return client_of(owner(), "en")


@pytest.fixture
def pages(rows):
    """Address of each list -> address of its one row."""
    rows.write(balance(held("005930", price=71_000), cash=-500), ASKED_AT)
    return {
        "/admin/assets/account/": f"/admin/assets/account/{rows.account}/change/",
        "/admin/assets/balance/": f"/admin/assets/balance/{rows.account}/change/",
        "/admin/assets/holding/": f"/admin/assets/holding/{rows.account}_3A005930/change/",
    }


def test_what_the_broker_told_can_be_read_and_not_changed(admin, pages):
    for page, change in pages.items():
        assert admin.get(page).status_code == 200
        assert admin.get(change).status_code == 200
        assert admin.post(change, {}).status_code == 403
        assert admin.post(change.replace("change", "delete"), {"post": "yes"}).status_code == 403
        assert admin.get(f"{page}add/").status_code == 403


def test_no_page_shows_the_account_number(admin, pages):
    for address in [*pages, *pages.values()]:
        assert "50123456" not in admin.get(address).content.decode()
    assert "5012****-01" in admin.get("/admin/assets/account/").content.decode()


def test_numbers_have_groups_and_results_their_sign(admin, pages):
    holdings = admin.get("/admin/assets/holding/").content.decode()
    for text in ("71,000", "69,500<", "desk-up", "+15,000", "+2.16%"):
        assert text in holdings
    assert "-500" in admin.get("/admin/assets/balance/").content.decode()


def test_zeros_go_behind_the_point_alone(admin):
    from assets.admin import grouped  # not before the admin site is made

    numbers = (1_000, Decimal(100), Decimal("100.00"), Decimal("-1234.50"), Decimal("0.0000"))
    assert [grouped(number) for number in numbers] == ["1,000", "100", "100", "-1,234.5", "0"]


def test_an_account_that_is_not_renewed_says_why(admin, pages, rows):
    rows.mark_stale("TTTC8434R: no answer within 10 s")
    page = admin.get("/admin/assets/account/").content.decode()
    assert "TTTC8434R: no answer within 10 s" in page
    assert "stale" in page


def test_the_assets_have_their_place_in_the_sidebar(admin):
    groups = admin.get("/admin/").context["sidebar_navigation"]
    links = [str(item["link"]) for group in groups for item in group["items"]]
    assert {"/admin/assets/holding/", "/admin/assets/balance/", "/admin/assets/account/"} <= set(links)
