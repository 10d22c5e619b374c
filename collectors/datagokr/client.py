"""Calls of data.go.kr: the body is read before the HTTP status, for errors come in five shapes (`answers`)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote

from django.conf import settings

from collectors.datagokr.answers import SOURCE, Page, read_page
from collectors.errors import KeyRefused, SourceError

CALLS_PER_SECOND = 5
PAGE_ROWS = 1_000
PASSES = 3
MOST_PAGES = 100


@dataclass(frozen=True, slots=True)
class Fetched:
    """One page as it came and as it reads."""

    body: bytes
    page: Page


class DataGoKrClient:
    """All pages of a question, or one of `collectors.errors`."""

    def __init__(self, base_url: str, key: str) -> None:
        from collectors.calling import PublicSession  # 5 MB: for who calls, not for all who know the tables

        self._session = PublicSession(SOURCE, base_url, "serviceKey", decoded_key(key), per_second=CALLS_PER_SECOND)

    def pages(self, service: str, identity: str, **params: str) -> list[bytes]:
        """The pages of all rows as they came; none where the source counts no rows.

        Complete: there are as many rows as the source counts, no two with the same ``identity``. When the count
        changes between two pages it starts over; SourceError after a few passes.
        """
        for _ in range(PASSES):
            found = list(self._pass(service, params))
            rows = [row for fetched in found for row in fetched.page.rows]
            total = found[-1].page.total
            told = {str(row.get(identity)) for row in rows}
            if len(rows) == len(told) == total and all(fetched.page.total == total for fetched in found):
                return [fetched.body for fetched in found if fetched.page.rows]
        text = f"{service}: {len(told)} different rows of {total} after {PASSES} passes; nothing was stored"
        raise SourceError(text, source=SOURCE)

    def _pass(self, service: str, params: dict[str, str]) -> Iterator[Fetched]:
        """Pages until all rows are there; the source cuts long pages as it likes, so rows are counted."""
        rows, number, total = 0, 1, 1
        while rows < total and number <= MOST_PAGES:
            answer = self._session.get(
                service, {**params, "resultType": "json", "numOfRows": PAGE_ROWS, "pageNo": number}
            )
            page = read_page(answer.status, answer.body, service)
            yield Fetched(answer.body, page)
            if not page.rows:
                return
            rows, total, number = rows + len(page.rows), page.total, number + 1


def decoded_key(key: str) -> str:
    """The key as it goes into a query: the portal shows it encoded too, and encoded twice it is refused with 30."""
    if not key:
        text = "DATA_GO_KR_KEY is not set; apply for the data sets at data.go.kr and take the decoded key"
        raise KeyRefused(text, source=SOURCE)
    decoded = unquote(key) if "%" in key else key
    if "%" in decoded or " " in decoded:
        text = "DATA_GO_KR_KEY is encoded more than once or damaged; copy the decoded key (일반 인증키 Decoding)"
        raise KeyRefused(text, source=SOURCE)
    return decoded


@cache
def _client(base_url: str, key: str) -> DataGoKrClient:
    return DataGoKrClient(base_url, key)


def client() -> DataGoKrClient:
    """The client of this process; raises KeyRefused where no key is set, or a damaged one."""
    source = settings.DESK.sources[SOURCE]
    return _client(source.url, source.key)
