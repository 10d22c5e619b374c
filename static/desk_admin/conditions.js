/* What a row of the conditions shows. */
"use strict";

liveList.start({
  posts: "enabled",
  tells: "enabled",
  show(row, cells) {
    const price = row.querySelector(".desk-price");
    price.classList.toggle("desk-old", cells.old);
    liveList.showPrice(price, cells.price, cells.direction);
    liveList.put(row.querySelector(".desk-distance"), cells.distance);
    liveList.put(row.querySelector(".desk-strike"), cells.strike);
    liveList.showState(row.querySelector(".desk-state"), cells.kind, cells.state);
    const why = row.querySelector(".desk-why");
    why.classList.toggle("desk-old", cells.old_why);
    liveList.put(why.querySelector("span"), cells.why);
    liveList.put(why.querySelector("time"), cells.why_at);
  },
});
