// The tables as the server has them. A message with columns is a snapshot; any other carries changed cells.

export class Store {
  constructor() {
    this.sheets = {}; // name -> Map(key -> {column: value})
    this.columns = {};
    this.changed = {}; // name -> Set(keys) since the last take()
    this.snapshot = false;
  }

  rows(name) {
    return this.sheets[name] ?? new Map();
  }

  apply(message) {
    if (message.columns) this.begin(message);
    for (const [name, columns] of Object.entries(this.columns)) {
      const sheet = this.sheets[name];
      for (const [key, cells] of Object.entries(message[name] ?? {})) {
        let row = sheet.get(key);
        if (!row) sheet.set(key, (row = { key }));
        for (let i = 0; i < cells.length; i += 2) row[columns[cells[i]]] = cells[i + 1];
        this.changed[name].add(key);
      }
      for (const key of message.gone?.[name] ?? []) {
        sheet.delete(key);
        this.changed[name].add(key);
      }
    }
  }

  begin(message) {
    this.columns = message.columns;
    this.snapshot = true;
    for (const name of Object.keys(this.columns)) {
      const left = this.rows(name).keys();
      this.changed[name] = new Set([...(this.changed[name] ?? []), ...left]);
      this.sheets[name] = new Map();
    }
  }

  // What changed since the last call, and whether a snapshot was among it.
  take() {
    const taken = { changed: this.changed, snapshot: this.snapshot };
    this.changed = Object.fromEntries(Object.keys(this.columns).map((name) => [name, new Set()]));
    this.snapshot = false;
    return taken;
  }
}
