"""Tick frames for the benchmarks: 200 symbols, running totals, time that moves; made once, outside the clock."""

import random
from datetime import datetime

from stockdesk.kis.messages import KST

_TAIL = (
    "2^1000^1.43^70768.43^70200^71500^69900^71100^71000^{volume}^{day_volume}^574884262000^15321^16210^889^112.34"
    "^3801234^4270123^1^0.52^106.13^090012^2^800^102233^5^-500^091502^2^1100^{date}^20^N^5321^8765^91234^123456"
    "^6.77^6012345^135.11^0^^70000^2"
)


def symbols(count: int) -> list[str]:
    return [f"{number:06d}" for number in range(1000, 1000 + count)]


def tick_frames(count: int, symbol_count: int = 200, *, ticks_a_second: int = 5_000, seed: int = 1) -> list[bytes]:
    """``count`` frames of one H0STCNT0 record (47 fields) each, as KIS would send them in the minutes before now."""
    chance = random.Random(seed)
    names = symbols(symbol_count)
    volumes = dict.fromkeys(names, 1_000_000)
    now = datetime.now(KST)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    # The last frame bears the time of now, or of as many seconds after midnight as the frames need.
    first = max(int((now - midnight).total_seconds()) - count // ticks_a_second, 0)
    frames = []
    for number in range(count):
        symbol = chance.choice(names)
        volume = chance.randint(1, 500)
        volumes[symbol] += volume
        second = min(first + number // ticks_a_second, 86_399)
        clock = f"{second // 3600:02d}{second // 60 % 60:02d}{second % 60:02d}"
        price = 71_000 + 100 * chance.randint(-20, 20)
        tail = _TAIL.format(volume=volume, day_volume=volumes[symbol], date=now.strftime("%Y%m%d"))
        frames.append(f"0|H0STCNT0|001|{symbol}^{clock}^{price}^{tail}".encode())
    return frames
