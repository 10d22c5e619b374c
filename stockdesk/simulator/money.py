"""What a trade costs: the broker's fee and the seller's tax, each cut off to the won at every single fill."""

FEE = 140_527  # per 1,000,000,000: 0.0140527 %, an online account, both sides
TAX = 2  # per 1,000: 0.20 % of what is sold since 2026-01-01 (증권거래세, 농어촌특별세); funds and notes are free


def fee(amount: int) -> int:
    """The broker's fee in KRW. Of two parts it is never more than of the whole."""
    return amount * FEE // 1_000_000_000


def tax(amount: int, kind: str) -> int:
    """The seller's tax in KRW; ``kind`` is stock, etf or etn."""
    return amount * TAX // 1_000 if kind == "stock" else 0


def rate(part: float, whole: float) -> str:
    """Percent with two decimals, as KIS writes it; 0.00 of nothing."""
    return f"{part * 100 / whole:.2f}" if whole else "0.00"


def with_fee(amount: int) -> int:
    """What buying for ``amount`` takes from the account."""
    return amount + fee(amount)


def most_shares(cash: int, price: int) -> int:
    """How many shares at ``price`` the cash buys, the fee included."""
    if price <= 0 or cash <= 0:
        return 0
    quantity = cash // price
    while quantity and with_fee(quantity * price) > cash:
        quantity -= 1
    return quantity
