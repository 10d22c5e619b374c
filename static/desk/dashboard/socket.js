// The page's one WebSocket: connects again by itself, with growing pauses and jitter.

const FIRST = 500;
const LONGEST = 15_000;
const PROVED = 5_000; // a connection that lasted so long starts the pauses over
const DEAD = 15_000; // the server speaks once a second; after this silence the line is cut
const NOT_LOGGED_IN = 4401;

export class Link {
  constructor(path, { onMessage, onChange }) {
    this.url = `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}${path}`;
    this.onMessage = onMessage;
    this.onChange = onChange;
    this.state = "connecting"; // connecting, open, waiting
    this.attempts = 0;
    this.retryAt = 0;
    this.heardAt = 0;
    this.everOpen = false;
    document.addEventListener("visibilitychange", () => this.wake());
    addEventListener("online", () => this.wake());
  }

  open() {
    clearTimeout(this.timer);
    const socket = (this.socket = new WebSocket(this.url));
    this.openedAt = performance.now();
    this.set("connecting");
    socket.onmessage = (event) => {
      if (socket !== this.socket) return;
      this.heardAt = performance.now();
      if (this.state !== "open") {
        this.everOpen = true;
        this.set("open");
      }
      if (this.heardAt - this.openedAt > PROVED) this.attempts = 0;
      this.onMessage(JSON.parse(event.data));
    };
    socket.onclose = (event) => {
      if (socket !== this.socket) return;
      // The server says that nobody is logged in here any more who may see this: the page itself says so, or leads to the login.
      if (event.code === NOT_LOGGED_IN) location.reload();
      else this.lost();
    };
  }

  lost() {
    this.socket = null;
    const pause = Math.min(LONGEST, FIRST * 2 ** this.attempts) * (0.5 + Math.random() / 2);
    this.attempts += 1;
    this.retryAt = performance.now() + pause;
    this.timer = setTimeout(() => this.open(), pause);
    this.set("waiting");
  }

  // Called often: a line that died without a word (a laptop that slept) is noticed by its silence.
  check() {
    if (this.socket && performance.now() - Math.max(this.heardAt, this.openedAt) > DEAD) {
      const socket = this.socket;
      this.lost();
      socket.close();
    }
  }

  // At once, because somebody asked for it.
  retry() {
    if (this.state === "waiting") this.open();
  }

  wake() {
    if (!document.hidden && this.state === "waiting" && this.retryAt - performance.now() > 1000) {
      this.retryAt = performance.now() + Math.random() * 1000;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.open(), this.retryAt - performance.now());
    }
  }

  silence() {
    return this.everOpen ? performance.now() - this.heardAt : null;
  }

  set(state) {
    this.state = state;
    this.onChange(state);
  }
}
