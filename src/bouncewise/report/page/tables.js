// Tables that are on the page already become sortable, get a filter and bars, and show their first rows only.
const FIRST_ROWS = 10;
const LEAST_FILTERED = 8; // rows from which on a filter helps
const HIGH_BOUNCE_RATE = 0.05;

function valueOf(item, key) {
  const parts = key.split("+").map((path) => path.split(".").reduce((value, name) => value?.[name], item));
  return parts.length > 1 ? parts.reduce((a, b) => a + b, 0) : parts[0];
}

// What has no value, and what counts many names together, comes last in either direction.
function compareBy(key, direction) {
  return ({ item: a }, { item: b }) => {
    if (Boolean(a.rest) !== Boolean(b.rest)) return a.rest ? 1 : -1;
    const [x, y] = [valueOf(a, key), valueOf(b, key)];
    if ((x ?? "") === "" || (y ?? "") === "") return ((x ?? "") === "") - ((y ?? "") === "");
    return direction * (typeof x === "number" ? x - y : String(x).localeCompare(String(y)));
  };
}

// rows are { item, tr } and, where one is open, { more }: a row of details that stays below its own.
function sortable(table, rows, update = () => {}) {
  const heads = [...table.tHead.rows[0].cells].filter((th) => th.dataset.key);
  for (const th of heads) {
    const key = th.dataset.key;
    const words = rows.some(({ item }) => typeof valueOf(item, key) === "string");
    asButton(th, { class: "sort" }, () => {
      const was = th.getAttribute("aria-sort");
      const up = was ? was === "descending" : words;
      for (const other of heads) other.removeAttribute("aria-sort");
      th.setAttribute("aria-sort", up ? "ascending" : "descending");
      rows.sort(compareBy(key, up ? 1 : -1));
      table.tBodies[0].append(...rows.flatMap(({ tr, more }) => (more ? [tr, more] : [tr])));
      update();
    });
  }
}

function addBars(table, rows) {
  for (const th of table.tHead.rows[0].cells) {
    const column = th.cellIndex;
    if (th.dataset.rate) {
      const overall = data.rates[th.dataset.rate] ?? 0;
      const full = Math.min(1, Math.max(0.01, overall * 3));
      th.title = `A bar is full at ${percent(full)}; the mark is the whole report's ${percent(overall)}`;
      const kind = { bounce: "bounced", deferral: "deferred", complaint: "complaint" }[th.dataset.rate];
      for (const { item, tr } of rows) {
        const rate = item.rates[th.dataset.rate];
        if (rate === undefined) continue;
        if (th.dataset.rate === "bounce" && rate > HIGH_BOUNCE_RATE) tr.cells[column].classList.add("high");
        tr.cells[column].prepend(bar(rate / full, kind, overall / full));
      }
    } else if (th.dataset.bar) {
      const highest = Math.max(1, ...rows.map(({ item }) => valueOf(item, th.dataset.key)));
      for (const { item, tr } of rows) {
        const value = valueOf(item, th.dataset.key);
        if (value) tr.cells[column].prepend(bar(value / highest, th.dataset.bar));
        else tr.cells[column].classList.add("zero");
      }
    }
  }
}

// A button for the rows beyond the first, and a filter where one is wanted; gives what brings the rows up to date.
function shortened(table, rows, heading) {
  let all = rows.length <= FIRST_ROWS + 2;
  let words = "";
  const told = el("span", { class: "told", role: "status" });
  const button = el("button", { type: "button", class: "all" });

  function update() {
    let passed = 0;
    for (const { item, tr } of rows) {
      const fits = words ? !item.rest && plain(item.name).toLowerCase().includes(words) : true;
      tr.hidden = !fits || (!all && !words && (item.rest || passed >= FIRST_ROWS));
      passed += fits && !item.rest;
    }
    told.textContent = words ? `${count(passed)} found` : "";
    button.hidden = Boolean(words) || rows.length <= FIRST_ROWS + 2;
    button.textContent = all ? "Show fewer" : `Show all ${count(rows.length)}`;
    button.setAttribute("aria-expanded", all);
  }

  if (heading && rows.length > LEAST_FILTERED) {
    const box = el("input", { type: "search", placeholder: "Filter", "aria-label": `Filter ${heading.textContent}`, autocomplete: "off", spellcheck: "false" });
    box.addEventListener("input", () => {
      words = box.value.trim().toLowerCase();
      update();
    });
    heading.after(el("p", { class: "filter" }, box, told));
  }
  button.addEventListener("click", () => {
    all = !all;
    update();
  });
  table.parentElement.after(button);
  update();
  return update;
}

function rowsOf(table, items) {
  return [...table.tBodies[0].rows].map((tr, at) => ({ item: items[at], tr }));
}

// A place that scrolls sideways must be reachable by the keyboard.
function watchScroll(box) {
  const name = box.querySelector("table").getAttribute("aria-labelledby");
  new ResizeObserver(() => {
    const scrolls = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
    if (scrolls) filled(box, { tabindex: "0", role: "region", "aria-labelledby": name ?? undefined, "aria-label": name ? undefined : box.querySelector("caption")?.textContent }, []);
    else for (const attribute of ["tabindex", "role", "aria-labelledby", "aria-label"]) box.removeAttribute(attribute);
  }).observe(box);
}
