// Brings the page to life; without this it is readable as it stands.
const FAILED = OUTCOMES.filter((name) => name !== "delivered");

function prepareNames() {
  for (const section of document.querySelectorAll("section.names")) {
    const table = section.querySelector("table");
    const key = table.dataset.rows;
    const rows = rowsOf(table, valueOf(data, key));
    addBars(table, rows);
    sortable(table, rows, shortened(table, rows, section.querySelector("h2")));
    if (!NAMED.some(([known]) => known === key)) continue;
    for (const { item, tr } of rows) {
      if (item.rest || !concerns(key, item.name)) continue;
      const button = asButton(tr.cells[0], { class: "link", "aria-pressed": "false" }, () => showConcern(key, item.name, button));
    }
  }
}

function prepareTime() {
  const host = document.getElementById("chart-time");
  if (!host || axis.length < 2) return;
  const lines = OUTCOMES.filter((name) => data.totals[name]).map((name) => ({
    name,
    words: name,
    pairs: data.time.buckets.map((bucket) => [bucket.at, bucket[name]]),
  }));
  if (!lines.length) return;
  host.parentElement.querySelector("details").open = false;
  // what fails is little beside what is delivered: each has a scale of its own
  timeChart(host, `Outcomes by the ${plain(data.time.step)}`, lines, [
    { names: ["delivered"], height: 80 },
    { names: FAILED, height: 190 },
  ]);
}

function prepareOthers() {
  for (const table of document.querySelectorAll("section:not(.names) table[data-rows]")) {
    const rows = rowsOf(table, valueOf(data, table.dataset.rows));
    if (table.dataset.rows === "waiting.ended") addWithin(table, rows);
    sortable(table, rows, shortened(table, rows));
  }
  for (const tr of document.querySelectorAll(".totals tr[data-share]")) {
    tr.cells[1].prepend(bar(Number(tr.dataset.share), tr.querySelector(".swatch").classList[1]));
  }
  const attempts = [...document.querySelectorAll("td[data-count]")];
  const most = Math.max(...attempts.map((td) => Number(td.dataset.count)));
  for (const td of attempts) td.prepend(bar(Number(td.dataset.count) / most, "deferred"));
}

// How long deliveries waited, as a row of bars from up to a minute to more than a day.
function addWithin(table, rows) {
  const names = { 60: "1 min", 300: "5 min", 900: "15 min", 3600: "1 h", 14400: "4 h", 86400: "1 d" };
  table.tHead.rows[0].append(el("th", { scope: "col", class: "words", title: "Up to 1 min, 5 min, 15 min, 1 h, 4 h, 1 d, and longer" }, "1 min to over 1 d"));
  for (const { item, tr } of rows) {
    const steps = Object.entries(item.within);
    steps.sort(([a], [b]) => (Number(a) || Infinity) - (Number(b) || Infinity));
    const label = steps.filter(([, number]) => number).map(([step, number]) => `${names[step] ? `up to ${names[step]}` : "longer"}: ${count(number)}`).join(", ");
    tr.append(el("td", { class: "words" }, spark(steps.map(([, number]) => number), label, "deferred")));
  }
}

function prepareLinks() {
  data.mend_first.forEach((row, at) => {
    const title = document.querySelectorAll(".mend > li")[at].querySelector("b");
    asButton(title, { class: "link" }, () => openCause(row.cause));
  });
  const changes = [...document.querySelectorAll("tr[data-change]")];
  if (changes.length) shortened(changes[0].closest("table"), changes.map((tr) => ({ item: {}, tr })));
  for (const tr of changes) {
    const row = data.compare[tr.dataset.change][Number(tr.dataset.row)];
    const name = tr.querySelector("th");
    if (row.what === "cause" && data.causes.some((cause) => cause.cause === row.name)) {
      asButton(name, { class: "link" }, () => openCause(row.name));
    } else if (NAMED.some(([key]) => key === row.what) && concerns(row.what, row.name)) {
      const button = asButton(name, { class: "link", "aria-pressed": "false" }, () => showConcern(row.what, row.name, button));
    }
  }
}

prepareCauses();
prepareNames();
prepareTime();
prepareOthers();
prepareLinks();
document.querySelectorAll(".scroll").forEach(watchScroll);
document.documentElement.dataset.ready = "yes";
