// Nodes that are touched only when what they say changes.
export const make = (tag, name, parent) => {
  const node = document.createElement(tag);
  if (name) node.className = name;
  parent?.append(node);
  return node;
};

// A text node that remembers what it says: comparing strings is cheaper than asking the document.
export class Text {
  constructor(parent) {
    this.node = document.createTextNode("");
    this.said = "";
    parent.append(this.node);
  }

  say(text) {
    if (text === this.said) return false;
    this.said = this.node.data = text;
    return true;
  }
}

export class Mark {
  constructor(node, name) {
    this.node = node;
    this.name = name;
    this.value = "";
  }

  set(value) {
    if (value === this.value) return;
    this.value = this.node.dataset[this.name] = value;
  }
}

// A name that leads to the page of its issue; its address is the server's, with a place for the symbol.
export class Issue {
  constructor(parent, className) {
    this.node = make("a", className, parent);
    this.text = new Text(this.node);
    this.symbol = "";
  }

  // Where there is no name the symbol stands for it. Returns whether it says something new.
  say(name, symbol) {
    if (symbol !== this.symbol) {
      this.symbol = symbol;
      this.node.href = document.body.dataset.issue.replace("/0/", `/${encodeURIComponent(symbol)}/`);
    }
    return this.text.say(name || symbol);
  }
}

// A row's first cell: the name that leads to its issue, and the code behind it.
export class Named {
  constructor(cell) {
    this.issue = new Issue(cell, "title");
    this.code = new Text(make("span", "code", cell));
  }

  say(name, symbol) {
    if (this.issue.say(name, symbol)) this.issue.node.title = name || symbol;
    this.code.say(name ? symbol : "");
  }
}

// A table's row of our own layout, which keeps its roles; gives the cells by column.
export function makeRow(columns, key, value) {
  const node = make("tr");
  node.setAttribute("role", "row");
  node.dataset[key] = value;
  const cells = {};
  for (const column of columns) {
    const cell = (cells[column] = make(column === "name" ? "th" : "td", "", node));
    cell.setAttribute("role", column === "name" ? "rowheader" : "cell");
    cell.dataset.cell = column;
  }
  return { node, cells };
}

// Puts the nodes into this order, moving only those that are not in place, and leaves the focus where it was.
export function order(parent, nodes) {
  const focused = document.activeElement;
  let at = parent.firstChild;
  for (const node of nodes) {
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  }
  if (focused !== document.activeElement && parent.contains(focused)) focused.focus({ preventScroll: true });
}
