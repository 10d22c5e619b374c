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
