"use strict";
// Checks of DNS come in one by one: each line of the answer holds a piece of the page.
(() => {
  async function stream(place, body, button) {
    place.textContent = "Asking DNS …";
    if (button) button.disabled = true;
    try {
      const answer = await fetch("/check/stream", {
        method: "POST", body: JSON.stringify(body), headers: {"Content-Type": "application/json"}});
      if (!answer.ok) { place.textContent = (await answer.json()).error.message; return; }
      place.replaceChildren();
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let held = "";
      for (;;) {
        const {done, value} = await reader.read();
        held += value ?? "";
        const lines = held.split("\n");
        held = lines.pop();
        for (const line of lines) if (line) show(place, JSON.parse(line));
        if (done) break;
      }
    } catch {
      place.append("The server does not answer.");
    } finally {
      if (button) button.disabled = false;
    }
  }

  function show(place, told) {
    if (told.error) { place.append(told.error.message); return; }
    if (told.html === undefined) return;
    const piece = document.createElement("div");
    piece.innerHTML = told.html;  // made by our templates, which escape all that comes from strangers
    if (told.first) place.prepend(piece); else place.append(piece);
  }

  window.bouncewiseChecks = (root) => {
    for (const box of root.querySelectorAll(".dns")) {
      box.querySelector("form").addEventListener("submit", (event) => {
        event.preventDefault();
        stream(box.querySelector(".found"), {reply: box.dataset.reply}, event.submitter);
      });
    }
  };
  window.bouncewiseChecks(document);

  const form = document.getElementById("check");
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    const told = new FormData(form);
    const body = {};
    for (const name of ["domain", "ip", "helo", "reply", "recipient"]) body[name] = (told.get(name) ?? "").trim();
    if ((told.get("mail_from") ?? "").trim()) body.mail_from = told.get("mail_from").trim();
    body.selectors = (told.get("selectors") ?? "").split(/[\s,]+/).filter(Boolean);
    stream(document.getElementById("found"), body, event.submitter);
  });
})();
