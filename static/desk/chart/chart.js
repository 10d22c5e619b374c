// The candlestick chart of the symbol page. Its bars come from bars.json, the minute in the making with the page's
// own once-a-second answer ("desk:bars"), lines and fills from overlays.json.
import { Bars, DAY } from "./bars.js";
import { candles, clock, colours, faint, grouped, onTheme, options, tick } from "./look.js";

const OVERLAYS_EVERY = 5_000; // ms
const AGAIN = 3_000; // ms, after an answer that failed
const PATIENCE = 8_000; // ms
const NEAR = 20; // so many bars from the left edge the next page is fetched

const box = document.getElementById("chart");
const empty = document.getElementById("chart-empty");
const words = { gap: box.dataset.sayGap, none: box.dataset.sayNone, lost: box.dataset.sayLost };
const buttons = [...document.querySelectorAll("[data-interval]")].filter((node) => node.tagName === "BUTTON");
const legend = Object.fromEntries([...document.querySelectorAll("[data-legend]")].map((node) => [node.dataset.legend, node]));

const { createChart, createSeriesMarkers, CandlestickSeries, HistogramSeries, LineStyle } = LightweightCharts;
let paint = colours();
let bars = new Bars(1);
let shown = []; // the rows on the chart
let missed = new Map();
let lines = [];
let overlays = { lines: [], marks: [] };
let hovered = null;

const chart = createChart(box, {
  autoSize: true,
  ...options(paint),
  localization: { priceFormatter: (price) => grouped(Math.round(price)), timeFormatter: (at) => clock(at, bars.interval === DAY) },
  handleScroll: { vertTouchDrag: false }, // a finger that goes up or down scrolls the page
});
chart.timeScale().applyOptions({ timeVisible: true, secondsVisible: false, rightOffset: 4, tickMarkFormatter: tick });
// Behind everything: where nobody listened, over the whole height.
const gaps = chart.addSeries(HistogramSeries, { priceScaleId: "gaps", lastValueVisible: false, priceLineVisible: false });
chart.priceScale("gaps").applyOptions({ visible: false, scaleMargins: { top: 0, bottom: 0 } });
const volume = chart.addSeries(HistogramSeries, { priceScaleId: "volume", priceFormat: { type: "volume" }, lastValueVisible: false, priceLineVisible: false });
chart.priceScale("volume").applyOptions({ visible: false, scaleMargins: { top: 0.8, bottom: 0 } });
const price = chart.addSeries(CandlestickSeries, { ...candles(paint), priceFormat: { type: "price", precision: 0, minMove: 1 } });
chart.priceScale("right").applyOptions({ scaleMargins: { top: 0.08, bottom: 0.24 } });
const marks = createSeriesMarkers(price, []);

const candle = ([time, open, high, low, close]) => ({ time, open, high, low, close });
const column = ([time, open, , , close, value]) => ({ time, value, color: faint(close >= open ? paint.up : paint.down, 0.5) });
const band = (time) => ({ time, value: 1, color: faint(paint.warn, 0.16) });

// Everything anew: after a fetch, and when the colours change.
function draw() {
  shown = bars.all();
  missed = shown.length ? bars.missed(shown[0][0]) : new Map();
  const known = new Set(shown.map(([at]) => at));
  const holes = [...missed.keys()].filter((at) => !known.has(at));
  const times = [...shown.map(candle), ...holes.map((time) => ({ time }))].sort((a, b) => a.time - b.time);
  price.setData(times);
  volume.setData(shown.map(column));
  gaps.setData([...missed.keys()].sort((a, b) => a - b).map(band));
  drawMarks();
  tellState();
}

// One bar moved: the newest, or one after it.
function drawCurrent() {
  const now = bars.current();
  if (!now || (shown.length && now[0] < shown.at(-1)[0])) return;
  if (shown.length && shown.at(-1)[0] === now[0]) shown[shown.length - 1] = now;
  else shown.push(now);
  if (missed.size && Math.max(...missed.keys()) > now[0]) return draw();
  price.update(candle(now));
  volume.update(column(now));
  tellState();
}

// What a test, and whoever cannot see a canvas, reads.
function tellState() {
  box.dataset.bars = shown.length;
  box.dataset.gaps = missed.size;
  box.dataset.last = shown.length ? shown.at(-1)[4] : "";
  empty.hidden = shown.length > 0;
  if (!shown.length) empty.textContent = words.none;
  tellLegend();
}

function tellLegend() {
  const place = hovered === null ? shown.length - 1 : shown.findIndex(([at]) => at === hovered);
  const bar = shown[place];
  const at = bar?.[0] ?? hovered;
  const before = shown[place - 1]?.[4];
  legend.at.textContent = at === null || at === undefined ? "" : clock(at, bars.interval === DAY);
  ["open", "high", "low", "close"].forEach((name, i) => say(legend[name], bar && grouped(bar[i + 1]), bar && before ? bar[i + 1] - before : 0));
  const change = bar && before ? bar[4] - before : null;
  say(legend.change, change === null ? "" : `${change > 0 ? "▲" : change < 0 ? "▼" : ""}${grouped(Math.abs(change))} (${change > 0 ? "+" : ""}${((change * 100) / before).toFixed(2)}%)`, change);
  say(legend.volume, bar && grouped(bar[5]), 0);
  legend.gap.textContent = at !== null && missed.has(at) ? `${words.gap}: ${missed.get(at)}` : "";
}

function say(node, text, change) {
  node.textContent = text ?? "";
  node.dataset.way = change > 0 ? "up" : change < 0 ? "down" : "";
}

// Lines and fills

function drawOverlays() {
  for (const line of lines) price.removePriceLine(line);
  lines = overlays.lines.map(([at, side, title]) => price.createPriceLine({
    price: at, title, lineWidth: 1, axisLabelVisible: true, lineStyle: side ? LineStyle.Dashed : LineStyle.Solid,
    color: { buy: paint.up, sell: paint.down }[side] ?? paint.warn,
  }));
  box.dataset.lines = lines.length;
  drawMarks();
}

function drawMarks() {
  const since = shown[0]?.[0] ?? Infinity;
  const sums = new Map(); // one arrow for all that filled within a bar
  for (const [at, side, quantity] of overlays.marks) {
    const time = bars.windowOf(at - (at % 60));
    const before = sums.get(`${time} ${side}`)?.quantity ?? 0;
    if (time >= since) sums.set(`${time} ${side}`, { time, side, quantity: before + quantity });
  }
  const placed = [...sums.values()];
  marks.setMarkers(placed.map(({ time, side, quantity }) => ({
    time, text: grouped(quantity), position: side === "buy" ? "belowBar" : "aboveBar",
    shape: side === "buy" ? "arrowUp" : "arrowDown", color: side === "buy" ? paint.up : paint.down,
  })));
  box.dataset.marks = placed.length;
}

// From the server

async function ask(url, values = {}) {
  const address = new URL(url, location.href);
  for (const [name, value] of Object.entries(values)) address.searchParams.set(name, value);
  const answer = await fetch(address, { headers: { Accept: "application/json" }, redirect: "error", signal: AbortSignal.timeout(PATIENCE) });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

const barsOf = (values) => ask(box.dataset.barsUrl, { interval: bars.interval, ...values });

// One question at a time; an answer for an interval that was left meanwhile is dropped.
async function fetchBars(values, then) {
  if (bars.asking) return false;
  const mine = bars;
  mine.asking = true;
  try {
    const answer = await barsOf(values);
    if (mine === bars) then(answer);
    return mine === bars;
  } catch {
    if (!shown.length) {
      empty.hidden = false;
      empty.textContent = words.lost;
    }
    return false;
  } finally {
    mine.asking = false;
  }
}

async function begin(interval) {
  const mine = new Bars(interval);
  bars = mine;
  [shown, missed, hovered] = [[], new Map(), null];
  for (const button of buttons) button.setAttribute("aria-pressed", String(Number(button.dataset.interval) === interval));
  chart.timeScale().applyOptions({ timeVisible: interval !== DAY });
  box.dataset.interval = interval;
  const done = await fetchBars({}, (answer) => {
    bars.take(answer);
    bars.more = answer.more;
    if (heard) bars.live(heard);
    draw();
    chart.timeScale().setVisibleLogicalRange({ from: shown.length - Math.max(40, box.clientWidth / 9), to: shown.length + 4 });
  });
  if (!done && mine === bars) setTimeout(() => mine === bars && begin(interval), AGAIN);
}

async function older() {
  const first = bars.first();
  if (!bars.more || first === null) return;
  await fetchBars({ before: first }, (answer) => {
    bars.take(answer);
    bars.more = answer.more;
    draw();
  });
}

chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
  if (range && range.from < NEAR && shown.length) older();
});
chart.subscribeCrosshairMove(({ time }) => {
  hovered = time ?? null;
  tellLegend();
});

let heard = null;
let closed = "";
document.addEventListener("desk:bars", async ({ detail }) => {
  heard = detail;
  if (bars.asking) return;
  const news = JSON.stringify(detail.closed);
  if (news !== closed && shown.length && bars.interval !== DAY) {
    // A minute has closed, or a late tick has changed it: the server joins it with those before.
    const fetched = await fetchBars({ after: bars.last() ?? detail.closed?.[0] ?? 0 }, (answer) => {
      bars.take(answer);
      bars.live(detail);
      draw();
    });
    if (fetched) closed = news;
    return;
  }
  if (!shown.length && (detail.making || detail.closed)) return begin(bars.interval);
  bars.live(detail);
  drawCurrent();
});

async function watchOverlays() {
  try {
    const found = document.hidden ? overlays : await ask(box.dataset.overlaysUrl);
    if (JSON.stringify(found) !== JSON.stringify(overlays)) {
      overlays = found;
      drawOverlays();
    }
  } catch {
    // The lines stay; the page itself says when it has lost the desk.
  }
  setTimeout(watchOverlays, OVERLAYS_EVERY);
}

// Hands

for (const button of buttons) {
  button.addEventListener("click", () => {
    const interval = Number(button.dataset.interval);
    try { localStorage.setItem("desk-interval", interval); } catch { /* a private window forgets */ }
    begin(interval);
  });
}

box.addEventListener("keydown", (event) => {
  const scale = chart.timeScale();
  const range = scale.getVisibleLogicalRange();
  if (!range || event.ctrlKey || event.metaKey || event.altKey) return;
  const width = range.to - range.from;
  const moved = { ArrowLeft: [-0.1, -0.1], ArrowRight: [0.1, 0.1], "+": [0.1, -0.1], "=": [0.1, -0.1], "-": [-0.1, 0.1] }[event.key];
  if (event.key === "End") scale.scrollToRealTime();
  else if (moved) scale.setVisibleLogicalRange({ from: range.from + width * moved[0], to: range.to + width * moved[1] });
  else return;
  event.preventDefault();
});

onTheme(() => {
  paint = colours();
  chart.applyOptions(options(paint));
  price.applyOptions(candles(paint));
  draw();
  drawOverlays();
});

function remembered() {
  try { return Number(localStorage.getItem("desk-interval")); } catch { return 0; }
}

const wanted = buttons.map((button) => Number(button.dataset.interval));
begin(wanted.includes(remembered()) ? remembered() : 1);
watchOverlays();
