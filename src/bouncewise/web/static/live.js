"use strict";
// Rows are added as deliveries come; what strangers wrote is set as text, never as HTML.
(() => {
  const MOST = 200;
  const rows = document.getElementById("rows");
  const state = document.getElementById("state");
  let came = 0;
  const events = new EventSource("/api/live");
  events.onopen = () => { state.textContent = "Following what comes in."; };
  events.onerror = () => { state.textContent = "The server does not answer; trying again …"; };
  events.onmessage = (event) => {
    const told = JSON.parse(event.data);
    const row = document.createElement("tr");
    row.className = "new";
    const cause = document.createElement("a");
    cause.href = "/guide/cause/" + encodeURIComponent(told.cause);
    cause.textContent = told.cause;
    const reply = [told.code, told.enhanced, told.reply].filter(Boolean).join(" ");
    const cells = [told.time.slice(0, 16).replace("T", " "), told.outcome, cause, told.recipient ?? "", reply.slice(0, 160)];
    cells.forEach((value, number) => {
      const cell = document.createElement("td");
      if (number === 0 || number === 4) cell.className = "mono";
      cell.append(value);
      row.append(cell);
    });
    rows.prepend(row);
    while (rows.children.length > MOST) rows.lastElementChild.remove();
    came += 1;
    state.textContent = "Following what comes in: " + came.toLocaleString("en") + " since this page was opened.";
  };
  addEventListener("pagehide", () => events.close());
})();
