"""Whole frames as KIS's documentation shows them, in a toy world, and a builder for more.

The builder joins text by hand: a parser's mistake shall not be made twice and hidden.
"""

TICK = (
    "010101^143005^71000^2^1000^1.43^70768.43^70200^71500^69900^71100^71000^12^8123456^574884262000^15321^16210^889"
    "^112.34^3801234^4270123^1^0.52^106.13^090012^2^800^102233^5^-500^091502^2^1100^20261118^20^N^5321^8765^91234"
    "^123456^6.77^6012345^135.11^0^^70000^2"
)
TICK_DOWN = (
    "020202^143005^24350^5^-650^-2.60^24498.43^24900^25050^24200^24450^24350^40^912345^574884262000^15321^16210^889"
    "^112.34^3801234^4270123^5^0.52^106.13^090012^5^-550^102233^5^-700^091502^2^150^20261118^20^N^5321^8765^91234"
    "^123456^6.77^6012345^135.11^0^^25000^2"
)
OPENING_PRINT = (
    "010101^090012^70200^2^200^0.29^70768.43^70200^71500^69900^70300^70200^51234^51234^574884262000^15321^16210^889"
    "^112.34^3801234^4270123^^0.52^106.13^090012^3^0^102233^5^-1300^091502^2^300^20261118^20^N^5321^8765^91234"
    "^123456^6.77^6012345^135.11^0^^70000^2"
)
MARKET_STATUS = "0|H0STMKO0|001|010101^N^(null)^112^^^^55^N^N"
INDEX = (
    "0|H0UPCNT0|001|0001^143005^4012.34^5^-8.21^412345^11234567^120^3210^-0.20^4023.10^4031.77^4001.02^-10.76^5"
    "^-19.43^5^11.32^2^0.06^0.28^-0.48^2^321^60^540^0^0^0^4"
)
OVERSEAS = (
    "0|HDFSCNT0|001|DNASTOYX^TOYX^4^20261117^20261117^093005^20261117^233005^101.5000^102.3000^101.1000^102.0000^2"
    "^0.7500^+0.74^101.9900^102.0100^300^200^15^345678^35201234^160000^185678^116.05^1"
)

KEY = "syntheticsamplekeyforsimulators0"
IV = "5a3c1e9b7d2f4680"
ACCEPTED = (
    "/bMb/TcQSQxFTEUvNVMBFQl9rFBfgrqFv8TtqauhpxyZSUOSOpXLpxObHeJmLvZRvg8UVg0SpsgUtQ8yMtopBeDzMfYDvFaQsuMtCrq+jDl/JQ7v"
    "/MELoRpAxCtKpwzHFL30IHJRaVRDgcAY9PC59DlgRlFomxk3one+Y36bCT6kO/7CMTZUkRHizZfsMhSD"
)
FILLED = (
    "/bMb/TcQSQxFTEUvNVMBFQl9rFBfgrqFv8TtqauhpxyZSUOSOpXLpxObHeJmLvZRvg8UVg0SpsgUtQ8yMtopBbxI1MW/FZq3yfUGWSqEYqQkR2PC"
    "eX3hzjDx3bZEIBWDg9eMffkSBzYPTOpqPh32sVLdJS07bszcRyutIgTEH2bHNrWWkAKDwqfzKGQ0vDaR"
)
CANCELLED = (
    "/bMb/TcQSQxFTEUvNVMBFRGzM5Lodc3LPSn+sjgK3E0OGm46j01g2+m6mY+jJJ3/k/CcVwVIfAbJgg5KOT9JSDegS3AkQ4NdKnpDkcWlolStQe8U"
    "byLKFNODBzgtmDMHuWcuSPrOqnHTh1oEKA6yPvE1kOkLnJiof/wkRxa66V/+ZMpCvfkw2LC0SURvV3rw"
)
FILL_TEXT = (
    "TOYUSER^5000123401^0000011111^^01^0^00^0^020202^0000000020^000024400^093011^0^2^2^91252^000000020^홍길동^1Y^10^"
    "^나루바이오^000024400"
)


def tick_record(width: int = 47, **fields: str) -> str:
    """The toy tick, cut or extended to ``width`` columns, with some fields (``f2="70900"``) changed."""
    values = [*TICK.split("^"), "", "x", "1"][:width]
    for name, value in fields.items():
        values[int(name[1:])] = value
    return "^".join(values)


def frame(*records: str, tr_id: str = "H0STCNT0", mark: str = "0", count: str | None = None) -> str:
    """One frame of these records, as the broker would send it."""
    return f"{mark}|{tr_id}|{count or f'{len(records):03}'}|{'^'.join(records)}"
