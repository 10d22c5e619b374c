"""Whoever guesses passwords is locked out, and nobody else."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

PASSWORD = "a long enough password"

pytestmark = pytest.mark.django_db


def log_in(name, password, address="10.0.0.1"):
    return Client(REMOTE_ADDR=address).post("/login/", {"username": name, "password": password})


def test_five_wrong_passwords_close_the_login_for_that_name_and_address():
    for name in ("kim", "lee"):
        User.objects.create_user(name, password=PASSWORD)
    for _ in range(4):
        assert log_in("kim", "guessed").status_code == 200
    fifth = log_in("kim", "guessed")
    assert fifth.status_code == 429
    assert "15분 동안" in fifth.content.decode()
    assert log_in("kim", PASSWORD).status_code == 429
    assert log_in("kim", PASSWORD, "10.0.0.2").status_code == 302
    assert log_in("lee", PASSWORD).status_code == 302


def test_a_right_password_forgets_the_wrong_ones():
    User.objects.create_user("kim", password=PASSWORD)
    for _ in range(2):
        for _ in range(4):
            assert log_in("kim", "guessed").status_code == 200
        assert log_in("kim", PASSWORD).status_code == 302
