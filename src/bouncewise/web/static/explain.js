"use strict";
// The first page: explains without leaving it, takes dropped files, and puts the reply into the fragment of a link.
(() => {
  const form = document.getElementById("explain");
  const text = document.getElementById("text");
  const result = document.getElementById("result");
  const said = document.getElementById("said");
  const file = document.getElementById("file");
  const share = document.getElementById("share");
  const examples = document.getElementById("examples");
  for (const one of document.querySelectorAll(".scripted")) one.hidden = false;
  let asked = 0;

  async function ask(body, name) {
    const number = ++asked;
    said.textContent = "Reading …";
    let html, fault = "";
    try {
      const answer = await fetch("/explain/result?name=" + encodeURIComponent(name.slice(0, 200)), {
        method: "POST", body, headers: {"Content-Type": "application/octet-stream"}});
      if (answer.ok) html = await answer.text();
      else fault = (await answer.json()).error.message;
    } catch {
      fault = "The server does not answer.";
    }
    if (number !== asked) return;  // something else was asked in the meantime
    said.textContent = fault;
    if (fault) return;
    result.innerHTML = html;  // made by our templates, which escape all that comes from strangers
    if (examples) examples.hidden = true;
    window.bouncewiseChecks(result);
    result.querySelector("h2")?.scrollIntoView({block: "nearest"});
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(text.value, "pasted");
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  file.addEventListener("change", () => { if (file.files.length) ask(file.files[0], file.files[0].name); });

  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      event.preventDefault();
      form.classList.toggle("dropping", kind === "dragover");
      if (kind !== "drop") return;
      const dropped = event.dataTransfer.files[0];
      if (dropped) { ask(dropped, dropped.name); return; }
      const words = event.dataTransfer.getData("text");
      if (words) { text.value = words; form.requestSubmit(); }
    });
  }

  share.addEventListener("click", async () => {
    if (!text.value.trim()) { said.textContent = "Paste a reply first."; return; }
    const link = location.origin + "/#r=" + encodeURIComponent(text.value.slice(0, 8000));
    history.replaceState(null, "", link);
    try {
      await navigator.clipboard.writeText(link);
      said.textContent = "The link is copied; the reply stands in it and is stored nowhere.";
    } catch {
      said.textContent = "The link stands in the address bar; the reply is stored nowhere else.";
    }
  });

  function fromLink() {
    const match = /^#r=(.+)$/s.exec(location.hash);
    if (!match) return;
    try { text.value = decodeURIComponent(match[1]); } catch { said.textContent = "This link is cut off."; return; }
    ask(text.value, "pasted");
  }
  addEventListener("hashchange", fromLink);
  fromLink();
})();
