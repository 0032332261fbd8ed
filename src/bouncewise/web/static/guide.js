"use strict";
// Results as one types.
(() => {
  const box = document.getElementById("q");
  const results = document.getElementById("results");
  const contents = document.getElementById("contents");
  let asked = 0, timer;
  async function search() {
    const number = ++asked;
    const words = box.value.trim();
    try {
      const answer = await fetch("/guide/results?q=" + encodeURIComponent(words));
      const html = answer.ok ? await answer.text() : "";
      if (number !== asked) return;
      results.innerHTML = html;  // made by our templates, which escape what was typed
      contents.hidden = Boolean(words);
      history.replaceState(null, "", words ? "/guide?q=" + encodeURIComponent(words) : "/guide");
    } catch { /* the form still works */ }
  }
  box.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, 120); });
  contents.hidden = Boolean(box.value.trim());
})();
