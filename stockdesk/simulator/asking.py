"""One call about orders or the account, as the calls see it."""

from collections.abc import Mapping
from dataclasses import dataclass

from stockdesk.simulator.account import Account
from stockdesk.simulator.exchange import Exchange, Source
from stockdesk.simulator.mishaps import Switch
from stockdesk.simulator.posts import Post
from stockdesk.simulator.responses import Answer

ACCOUNT_DIGITS = (8, 2)


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for what. ``tr_id`` is that of the real host; ``mock`` when it came as its V form."""

    exchange: Exchange
    key: str
    tr_id: str
    mock: bool
    continued: bool  # tr_cont N
    fields: Mapping[str, str]  # query or body, names in capitals
    post: Post | None = None

    @property
    def account(self) -> Account:
        return self.exchange.account(self.key)

    @property
    def source(self) -> Source:
        return Source(mock=self.mock, post=self.post.serial if self.post else None)

    def text(self, name: str) -> str:
        return self.fields.get(name, "").strip()

    def number(self, name: str) -> int:
        """A whole number as KIS takes it; 0 for an empty field, -1 for anything else."""
        text = self.text(name)
        if not text:
            return 0
        return int(text) if text.isascii() and text.isdecimal() and len(text) <= 12 else -1

    def strikes(self, mishap: str) -> Switch | None:
        return self.exchange.mishaps.strikes(mishap, self.key, self.tr_id)


def wrong_account(asking: Asking) -> Answer | None:
    """Bind the key to the account number it names first; refuse any other from then on."""
    parts = (asking.text("CANO"), asking.text("ACNT_PRDT_CD"))
    number, account = "".join(parts), asking.account
    sound = number.isascii() and number.isdecimal() and tuple(map(len, parts)) == ACCOUNT_DIGITS
    if sound and account.number in ("", number):
        account.number = number
        return None
    return Answer({"rt_cd": "2", "msg_cd": "OPSQ2000", "msg1": "ERROR : INPUT INVALID_CHECK_ACNO"})
