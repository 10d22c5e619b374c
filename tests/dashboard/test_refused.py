"""Pages that say why there is none: they are shown when the request, the database or the desk itself is no good."""

import pytest
from django.template import loader
from django.utils import translation

PAGES = {"400": "처리할 수 없", "403": "권한", "403_csrf": "쿠키", "404": "화면이 없", "500": "표시하지 못"}


@pytest.mark.parametrize("name", PAGES)
def test_an_error_is_told_without_a_request_and_without_a_database(name):
    with translation.override("ko"):
        text = loader.get_template(f"{name}.html").render()
    said = text.partition('role="alert">')[2].partition("<")[0]
    assert PAGES[name] in said
    assert '<html lang="ko">' in text
    assert 'href="/"' in text
