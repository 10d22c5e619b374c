"""Stars: one person's own, stored once, refused with a sentence."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from market import favourites
from market.models import Favourite


def star(client, symbol, on="1"):
    return client.post(reverse("favourite"), {"symbol": symbol, "on": on})


def test_a_star_is_given_once_and_taken_again(logged_in, trader):
    for _ in range(2):
        assert star(logged_in, "005930").json() == {"done": True, "text": ""}
    star(logged_in, "0001A0")
    assert logged_in.get("/").context["favourites"] == ["005930", "0001A0"]
    star(logged_in, "005930", on="0")
    assert favourites.favourites_of(trader) == ["0001A0"]


def test_a_star_is_the_readers_own(logged_in, trader):
    other = User.objects.create_user("other", password="a long enough password")
    Favourite.objects.create(user=other, symbol="000660")
    assert logged_in.get("/").context["favourites"] == []
    star(logged_in, "000660", on="0")
    assert favourites.favourites_of(other) == ["000660"]


@pytest.mark.parametrize("symbol", ["", "삼성전자", "<img src=x>", "12345678901"])
def test_what_is_no_code_gets_a_sentence(logged_in, symbol):
    answer = star(logged_in, symbol)
    assert answer.status_code == 400
    assert "종목코드가 아닙니다" in answer.json()["text"]
    assert not Favourite.objects.exists()


def test_there_is_an_end_to_the_stars_but_one_that_is_there_stays(logged_in, monkeypatch):
    monkeypatch.setattr(favourites, "MOST", 1)
    star(logged_in, "005930")
    assert star(logged_in, "000660").status_code == 400
    assert star(logged_in, "005930").status_code == 200


@pytest.mark.django_db
def test_nobody_else_may(trader):
    assert star(Client(), "005930").status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(trader)
    assert star(strict, "005930").status_code == 403
    assert not Favourite.objects.exists()
