// The small panels beside the quotes: session lamps, alerts, programs.
import { announce } from "./asks.js";
import { age, moment } from "./format.js";
import { said, word } from "./words.js";

const SILENT_SESSION = 6_000; // ms; the collector writes every session once a second
const SILENT_DAEMON = 10_000; // ms; the length of a lease

// Keeps a list's elements by key; parts are filled by name, each touched only when its text changes.
class List {
  constructor(node, empty, parts) {
    Object.assign(this, { node, empty, parts, items: new Map() });
  }

  show(keys, fill) {
    for (const [key, item] of this.items) {
      if (!keys.includes(key)) {
        item.node.remove();
        this.items.delete(key);
      }
    }
    keys.forEach((key, place) => {
      const item = this.items.get(key) ?? this.add(key);
      if (this.node.children[place] !== item.node) this.node.insertBefore(item.node, this.node.children[place] ?? null);
      for (const [name, text] of Object.entries(fill(key))) item.set(name, text ?? "");
    });
    this.empty.hidden = keys.length > 0;
  }

  add(key) {
    const node = document.createElement("li");
    node.dataset.key = key;
    const said = {};
    const nodes = {};
    for (const part of this.parts) {
      nodes[part] = document.createElement("span");
      nodes[part].className = part;
      node.append(nodes[part]);
    }
    const set = (name, text) => {
      if (said[name] === text) return;
      said[name] = text;
      if (nodes[name]) nodes[name].textContent = text;
      else if (name === "label") node.setAttribute("aria-label", text);
      else node.dataset[name] = text;
    };
    const item = { node, set };
    this.items.set(key, item);
    return item;
  }
}

const byId = (id) => document.getElementById(id);
const since = (ms, now, options) => (typeof ms === "number" ? age(now - ms, options) : "");

const sessions = new List(byId("sessions"), byId("no-sessions"),
  ["lamp", "number", "word", "registered", "frame", "connects", "note"]);

export function showSessions(rows, now) {
  let live = 0;
  const notes = []; // on a phone the lamps have no room for them
  const keys = [...rows.keys()].sort((a, b) => a - b);
  sessions.show(keys, (key) => {
    const row = rows.get(key);
    const silent = typeof row.updated_at === "number" && now - row.updated_at > SILENT_SESSION;
    const state = silent || !word(`session.${row.state}`) ? "unknown" : row.state;
    const stateWord = word(`session.${state}`);
    live += state === "live";
    const retry = typeof row.next_connect_at === "number" && state !== "live" ? row.next_connect_at - now : 0;
    const again = retry > 0 ? word("session.retry", { n: Math.ceil(retry / 1000) }) : "";
    const note = [said(row.note), again].filter(Boolean).join(" · ");
    if (note) notes.push(`${key}: ${note}`);
    return {
      state,
      short: row.confirmed < row.wanted ? "yes" : "",
      label: word("session.title", { n: key, state: stateWord }),
      number: key,
      word: stateWord,
      registered: `${row.confirmed}/${row.wanted}`,
      frame: since(row.last_frame_at, now, { fine: true }),
      connects: word("session.connects", { n: row.connects_today }),
      note,
    };
  });
  byId("lamp-notes").textContent = notes.join(" / ");
  byId("sessions-sum").textContent = keys.length ? `${live}/${keys.length}` : "";
}

const events = new List(byId("events"), byId("no-events"), ["what", "where", "text", "todo", "when"]);

let told = null; // the events that the reader has heard of
const whatOf = (row) => `${word(`level.${row.level}`) ?? row.level}: ${word(`event.${row.code}`) ?? row.code}`;

export function showEvents(rows, now) {
  const keys = [...rows.keys()].sort((a, b) => rows.get(b).started_at - rows.get(a).started_at);
  events.show(keys, (key) => {
    const row = rows.get(key);
    const times = row.count > 1 ? word("event.times", { n: row.count }) : "";
    const when = word("event.since", { time: moment(row.started_at, now), age: since(row.started_at, now) });
    return {
      level: row.level,
      what: whatOf(row),
      where: [word(`program.${row.source}`) ?? row.source, row.subject].filter(Boolean).join(" · "),
      text: said(row.text),
      todo: word(`advice.${row.code}`) ?? "",
      when: [when, times].filter(Boolean).join(", "),
    };
  });
  byId("alerts-sum").textContent = keys.length || "";
  // Only what is new is read out: the list itself changes every minute, with the age of each.
  const fresh = told && keys.find((key) => !told.has(key));
  if (fresh) announce(whatOf(rows.get(fresh)));
  told = new Set(keys);
}

const daemons = new List(byId("daemons"), byId("no-daemons"), ["lamp", "name", "word", "beat", "error"]);

export function showDaemons(rows, now) {
  daemons.show([...rows.keys()].sort(), (key) => {
    const row = rows.get(key);
    const quiet = row.state !== "stopped" && now - (row.heartbeat_at ?? 0) > SILENT_DAEMON;
    const state = quiet ? "silent" : row.state;
    return {
      state,
      name: word(`program.${key}`) ?? key,
      word: word(`daemon.${state}`) ?? state,
      beat: since(row.heartbeat_at, now),
      error: row.last_error ? `${moment(row.last_error_at, now)} ${row.last_error}` : "",
    };
  });
}
