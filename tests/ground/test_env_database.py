"""DATABASE_URL with whatever is in the password."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockdesk.env.database import DatabaseUrlError, parse_database_url


def test_a_plain_url():
    at = parse_database_url("mysql://desk:word@db.example:3307/gnuboard?unix_socket=/run/my.sock&ssl_ca=/etc/ca.pem")
    assert (at["USER"], at["PASSWORD"], at["HOST"], at["PORT"], at["NAME"]) == (
        "desk", "word", "db.example", "3307", "gnuboard",
    )  # fmt: skip
    assert at["OPTIONS"]["unix_socket"] == "/run/my.sock"
    assert at["OPTIONS"]["ssl"] == {"ca": "/etc/ca.pem"}


@pytest.mark.parametrize(
    "password", ["$ab@c#d%e", "a:b:c", "p@h/x", "a/b?c", "100%", "%4", "%zz", "a?b=c", "'quoted'", "@", "@@", "#", ""]
)
def test_a_password_is_taken_as_it_stands(password):
    at = parse_database_url(f"mysql://desk:{password}@localhost:3306/gnuboard?unix_socket=/run/my.sock")
    assert (at["USER"], at["PASSWORD"], at["HOST"], at["NAME"]) == ("desk", password, "localhost", "gnuboard")


def test_a_password_that_is_percent_encoded_throughout_is_decoded():
    assert parse_database_url("mysql://desk:%24ab%40c@localhost/gnuboard")["PASSWORD"] == "$ab@c"


@given(st.text(min_size=1, max_size=40).filter(lambda t: t.isprintable()))
def test_any_password_encoded_comes_back(password):
    at = parse_database_url(f"mysql://desk:{quote(password, safe='')}@localhost/gnuboard")
    assert at["PASSWORD"] == password


def test_the_separate_password_wins_and_is_never_decoded():
    assert parse_database_url("mysql://desk:other@localhost/gnuboard", "%41$@")["PASSWORD"] == "%41$@"


@pytest.mark.parametrize(
    "url",
    ["postgres://a:b@h/n", "mysql://desk:word@localhost", "mysql://desk:word@localhost/", "mysql://d:w@h:port/n",
     "mysql://d:w@h/n?init_command=x", "mysql://d:w@h/n/m", "desk:word@localhost/n", "mysql://"],
)  # fmt: skip
def test_a_url_that_cannot_be_read_is_refused_without_being_repeated(url):
    with pytest.raises(DatabaseUrlError) as caught:
        parse_database_url(url)
    assert "desk:word" not in str(caught.value)
    assert "d:w@" not in str(caught.value)


def test_a_url_with_two_readings_is_not_guessed():
    with pytest.raises(DatabaseUrlError, match="two ways"):
        parse_database_url("mysql://desk:a@localhost/gnuboard?unix_socket=/x@localhost/gnuboard")


@pytest.mark.django_db
def test_the_session_is_strict_and_korean():
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT @@sql_mode, @@time_zone, @@tx_isolation, @@character_set_client")
        mode, zone, isolation, charset = cursor.fetchone()
    assert "STRICT_TRANS_TABLES" in mode
    assert (zone, isolation, charset) == ("+09:00", "READ-COMMITTED", "utf8mb4")
