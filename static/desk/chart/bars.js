// The bars of one interval: what the server has told, and the minute in the making on top of it.
// A bar is [at, open, high, low, close, volume]; times are seconds of the Korean wall time.
export const DAY = 1440;

const join = (a, b) => [a[0], a[1], Math.max(a[2], b[2]), Math.min(a[3], b[3]), b[4], a[5] + b[5]];

export class Bars {
  constructor(interval) {
    this.interval = interval;
    this.told = new Map();
    this.gaps = new Map(); // "from" -> [from, until, why]
    this.closing = null;
    this.making = null; // of the interval, not yet joined with what the server told
    this.more = true; // there may be older ones
    this.asking = false;
  }

  take({ bars, gaps, closing }) {
    for (const bar of bars) this.told.set(bar[0], bar);
    for (const gap of gaps) this.gaps.set(gap[0], gap);
    this.closing = closing;
  }

  // The bar that a minute belongs to; the print of the closing auction goes to the last one before the close.
  windowOf(minute) {
    const at = this.interval > 1 && this.closing && this.closing[0] <= minute && minute < this.closing[1] ? this.closing[0] - 60 : minute;
    return at - (at % (this.interval * 60));
  }

  // What moves now. A day is the quote's own, a minute is joined with the closed ones beside it.
  live({ making, day }) {
    const bar = this.interval === DAY ? day : making && [this.windowOf(making[0]), ...making.slice(1)];
    this.making = bar ?? null;
  }

  current() {
    const bar = this.making;
    if (!bar) return null;
    const told = this.told.get(bar[0]);
    return told && this.interval !== DAY && this.interval > 1 ? join(told, bar) : bar;
  }

  all() {
    const rows = new Map(this.told);
    const now = this.current();
    if (now) rows.set(now[0], now);
    return [...rows.values()].sort((a, b) => a[0] - b[0]);
  }

  first() {
    return this.told.size ? Math.min(...this.told.keys()) : null;
  }

  // Where to read on from: the last told bar may have grown.
  last() {
    return this.told.size ? Math.max(...this.told.keys()) : null;
  }

  // Beginnings of bars in which nobody listened for a while, with the reason.
  missed(since) {
    const found = new Map();
    const step = this.interval * 60;
    for (const [from, until, why] of this.gaps.values()) {
      for (let at = this.windowOf(from); at < until; at += step) if (at >= since) found.set(this.windowOf(at), why);
    }
    return found;
  }
}
