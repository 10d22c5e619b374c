// Numbers and times as Korean screens write them. Unknown is blank, never 0.
import { word } from "./words.js";

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const KST = 9 * 3600_000; // Korea keeps no summer time
const MILLION = 1_000_000;

const isNumber = (value) => typeof value === "number";

export const whole = (value) => (isNumber(value) ? grouped.format(value) : "");

export const millions = (won) => (isNumber(won) ? grouped.format(Math.round(won / MILLION)) : "");

// Sign codes (prdy_vrss_sign): 1 limit up, 2 up, 3 flat, 4 limit down, 5 down; without one, the number tells.
export function direction(sign, change) {
  const coded = { 1: "limit-up", 2: "up", 3: "flat", 4: "limit-down", 5: "down" }[sign];
  if (coded || !isNumber(change)) return coded ?? "";
  return change > 0 ? "up" : change < 0 ? "down" : "flat";
}

const ARROWS = { "limit-up": "↑", up: "▲", "limit-down": "↓", down: "▼" };
export const arrow = (dir) => ARROWS[dir] ?? "";

export function rate(percent, dir) {
  if (!isNumber(percent)) return "";
  const size = Math.abs(percent).toFixed(2);
  if (dir === "up" || dir === "limit-up") return `+${size}%`;
  if (dir === "down" || dir === "limit-down") return `-${size}%`;
  return `${percent > 0 ? "+" : percent < 0 ? "-" : ""}${size}%`;
}

// A profit or a loss with its sign, which tells what the colour tells.
export const signed = (value) => (isNumber(value) ? `${value > 0 ? "+" : ""}${whole(value)}` : "");

export const against = (price, base) =>
  !isNumber(price) || !isNumber(base) ? "" : price > base ? "up" : price < base ? "down" : "flat";

const two = (n) => (n < 10 ? `0${n}` : `${n}`);

// HH:MM:SS in Seoul, whatever zone the browser is in.
export function clockTime(ms) {
  if (!isNumber(ms)) return "";
  const seconds = Math.floor((ms + KST) / 1000) % 86_400;
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

const day = (ms) => Math.floor((ms + KST) / 86_400_000);

export const sameDay = (a, b) => isNumber(a) && isNumber(b) && day(a) === day(b);

// MM-DD HH:MM when it was not today.
export function moment(ms, now) {
  if (!isNumber(ms) || day(ms) === day(now)) return clockTime(ms);
  return `${new Date(ms + KST).toISOString().slice(5, 10)} ${clockTime(ms).slice(0, 5)}`;
}

export function age(ms, { fine = false } = {}) {
  if (!isNumber(ms)) return "";
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 60) return word("age.seconds", { n: fine && seconds < 10 ? seconds.toFixed(1) : Math.floor(seconds) });
  if (seconds < 3600) return word("age.minutes", { n: Math.floor(seconds / 60) });
  if (seconds < 86_400) return word("age.hours", { n: Math.floor(seconds / 3600) });
  return word("age.days", { n: Math.floor(seconds / 86_400) });
}

// H:MM:SS, or M:SS in the last hour.
export function countdown(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
