// How the chart looks: the page's colours, dark or light, Korean times, grouped numbers.
const root = document.documentElement;
const language = root.lang || "ko";
const number = new Intl.NumberFormat(language);
const month = new Intl.DateTimeFormat(language, { month: "short", timeZone: "UTC" });
const two = (value) => String(value).padStart(2, "0");

export const grouped = (value) => number.format(value);

export function colours() {
  const style = getComputedStyle(root);
  const of = (name) => style.getPropertyValue(`--${name}`).trim();
  return { panel: of("panel"), text: of("text"), dim: of("dim"), line: of("line"), up: of("up"), down: of("down"), warn: of("warn") };
}

// However the page changes between dark and light.
export function onTheme(tell) {
  new MutationObserver(tell).observe(root, { attributes: true, attributeFilter: ["data-theme"] });
}

// The seconds are Korean wall time, so that every field is read as if it were UTC.
export function clock(seconds, daily = false) {
  const at = new Date(seconds * 1000);
  const day = `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`;
  return daily ? day : `${day.slice(5)} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
}

const YEAR = 0, MONTH = 1, DATE = 2;

export function tick(seconds, kind) {
  const at = new Date(seconds * 1000);
  if (kind === YEAR) return String(at.getUTCFullYear());
  if (kind === MONTH) return month.format(at);
  if (kind === DATE) return `${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`;
  return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
}

export function options(paint) {
  return {
    layout: { background: { color: paint.panel }, textColor: paint.dim, fontFamily: getComputedStyle(root).fontFamily, attributionLogo: false },
    grid: { vertLines: { color: paint.line }, horzLines: { color: paint.line } },
    rightPriceScale: { borderColor: paint.line },
    timeScale: { borderColor: paint.line },
  };
}

export const candles = ({ up, down }) => ({ upColor: up, borderUpColor: up, wickUpColor: up, downColor: down, borderDownColor: down, wickDownColor: down });

// A colour of the page, see-through.
export const faint = (colour, part) => `${colour}${Math.round(part * 255).toString(16).padStart(2, "0")}`;
