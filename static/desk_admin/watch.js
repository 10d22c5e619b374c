/* What a row of the watch list shows. */
"use strict";

liveList.start({
  posts: "run",
  tells: "running",
  show(row, cells) {
    liveList.showPrice(row.querySelector(".desk-price"), cells.price, cells.direction);
    const change = row.querySelector(".desk-change");
    liveList.direct(change, cells.direction);
    liveList.put(change, cells.change);
    const time = row.querySelector(".desk-time");
    time.classList.toggle("desk-old", cells.old);
    liveList.put(time.querySelector("time"), cells.time);
    liveList.put(time.querySelector("small"), cells.age);
    liveList.put(row.querySelector(".desk-session"), cells.session);
    liveList.showState(row.querySelector(".desk-state"), cells.kind, cells.state);
  },
});
