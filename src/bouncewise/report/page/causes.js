// The causes: each opens its details; a name out of another table shows those that concern it.
const NAMED = [
  ["providers", "Providers", "provider"],
  ["domains", "Recipient domains", "recipient domain"],
  ["sending_ips", "Sending addresses", "sending address"],
  ["sender_domains", "Sender domains", "sender domain"],
];
const causeRows = new Map(); // by the cause's number
const concernOf = { key: "", name: "", button: null };

function concerns(key, name) {
  return data.causes.some((cause) => countFor(cause, key, name));
}

function countFor(cause, key, name) {
  return cause[key]?.find((row) => row.name === name)?.count ?? 0;
}

function prepareCauses() {
  const table = document.getElementById("causes-table");
  if (!table) return;
  const rows = [...table.tBodies[0].rows].map((tr) => ({ item: data.causes[Number(tr.dataset.number)], tr }));
  addBars(table, rows);
  addTrends(table, rows);
  for (const row of rows) {
    const number = Number(row.tr.dataset.number);
    causeRows.set(number, row);
    row.button = asButton(row.tr.cells[0], { class: "open", "aria-expanded": "false" }, () => toggle(row));
    row.tr.addEventListener("click", (event) => {
      if (!event.target.closest("button") && !String(document.getSelection())) toggle(row);
    });
  }
  sortable(table, rows);
}

function addTrends(table, rows) {
  if (axis.length < 2) return;
  const before = table.tHead.rows[0].querySelector("[data-key=first]").cellIndex;
  const size = Math.ceil(axis.length / 32);
  table.tHead.rows[0].cells[before].before(el("th", { scope: "col", class: "words trend" }, "Trend"));
  for (const { item, tr } of rows) {
    const bars = binned(Object.entries(item.time ?? {}), size);
    const unit = size === 1 ? `one ${data.time.step}` : `${size} ${data.time.step}s`;
    const cell = el("td", { class: "words trend" }, spark(bars, `at most ${count(Math.max(...bars))} in ${unit}`, "trend-bar"));
    tr.cells[before].before(cell);
  }
}

function toggle(row, open = !row.more) {
  row.button.setAttribute("aria-expanded", open);
  row.tr.classList.toggle("opened", open);
  if (!open) row.more?.remove();
  if (!open) row.more = undefined;
  if (open && !row.more) {
    row.more = el("tr", { class: "details" }, el("td", { colspan: row.tr.cells.length }));
    row.tr.after(row.more);
    fillDetails(row.more.cells[0], row.item, row.tr.cells[row.tr.cells.length - 1].textContent);
  }
}

function fillDetails(cell, cause, who) {
  const box = el("div", { class: "panel" });
  cell.append(box);
  const facts = [["Mended by", who], ["First", times(cause.first)], ["Last", times(cause.last)]];
  for (const name of OUTCOMES) {
    if (cause.counts[name]) facts.push([name[0].toUpperCase() + name.slice(1), count(cause.counts[name])]);
  }
  box.append(
    el("p", { class: "explanation" }, plain(cause.explanation ?? "")),
    el("dl", { class: "facts" }, ...facts.filter(([, value]) => value).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
  );
  if (cause.steps?.length) {
    box.append(el("h3", {}, "What to do"), el("ol", { class: "steps" }, ...cause.steps.map((step) => el("li", {}, ...coded(step)))));
  }
  if (axis.length > 1 && cause.time) {
    const host = el("div", {});
    box.append(el("h3", {}, `By the ${plain(data.time.step)}`), host);
    const lines = [{ name: "trend-bar", words: "all outcomes", pairs: Object.entries(cause.time) }];
    timeChart(host, `${plain(cause.title)} by the ${plain(data.time.step)}`, lines, [{ names: ["trend-bar"], height: 70 }]);
  }
  const lists = NAMED.filter(([key]) => cause[key]?.length);
  if (lists.length) box.append(el("div", { class: "lists" }, ...lists.map(([key, title]) => nameList(title, cause[key]))));
  if (cause.examples?.length) {
    box.append(el("h3", {}, cause.examples.length > 1 ? "Examples" : "Example"), el("ul", { class: "examples" }, ...cause.examples.map(exampleItem)));
  }
}

function nameList(title, rows) {
  const highest = Math.max(...rows.map((row) => row.count));
  return el("table", { class: "list" }, el("caption", {}, title), el("tbody", {}, ...rows.map((row) =>
    el("tr", {}, el("th", { scope: "row" }, shown(row.name)), el("td", {}, bar(row.count / highest, "trend-bar"), count(row.count))))));
}

function exampleItem(example) {
  const where = [];
  if (example.recipient) where.push(el("span", {}, "to ", el("b", {}, shown(example.recipient))));
  if (example.path) {
    const place = example.line !== undefined ? `, line ${example.line}` : example.offset ? `, at octet ${example.offset}` : "";
    where.push(el("span", {}, el("code", {}, shown(example.path)), place));
  }
  return el("li", {}, el("q", {}, shown(example.reply ?? "", 400)), el("p", {}, ...where));
}

function openCause(slug) {
  clearConcern();
  const row = causeRows.get(data.causes.findIndex((cause) => cause.cause === slug));
  if (!row) return;
  toggle(row, true);
  row.button.focus({ preventScroll: true });
  row.tr.scrollIntoView({ block: "start" });
}

// Shows the causes of a name, each with how often it came; as far as the first names of each cause tell.
function showConcern(key, name, button) {
  const again = concernOf.key === key && concernOf.name === name;
  clearConcern();
  if (again) return;
  Object.assign(concernOf, { key, name, button });
  button?.setAttribute("aria-pressed", "true");
  let found = 0;
  for (const { item, tr, more } of causeRows.values()) {
    const times = countFor(item, key, name);
    found += times > 0;
    tr.hidden = !times;
    if (more) more.hidden = !times;
    if (times) tr.cells[0].append(el("span", { class: "here" }, `${count(times)} here`));
  }
  const box = document.getElementById("concern");
  const what = NAMED.find(([known]) => known === key)[2];
  const back = el("button", { type: "button" }, "Show all causes");
  back.addEventListener("click", () => {
    const was = concernOf.button;
    clearConcern();
    was?.focus();
  });
  box.replaceChildren(`${count(found)} ${found === 1 ? "cause" : "causes"} of the ${what} `, el("b", {}, shown(name)), ", as far as the ten most frequent names of each cause tell. ", back);
  box.hidden = false;
  document.getElementById("causes").scrollIntoView({ block: "start" });
  back.focus({ preventScroll: true });
}

function clearConcern() {
  concernOf.button?.setAttribute("aria-pressed", "false");
  Object.assign(concernOf, { key: "", name: "", button: null });
  for (const { tr, more } of causeRows.values()) {
    tr.hidden = false;
    if (more) more.hidden = false;
    tr.querySelector(".here")?.remove();
  }
  const box = document.getElementById("concern");
  if (box) box.hidden = true;
}
