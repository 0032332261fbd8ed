// Charts of counts by the time. Slots are hours or days from the first one on; a bar holds one slot or several.
const LEAST_BAR = 5; // pixels of a bar and its gap

function serial(at, step) {
  const form = step === "hour" ? /^\d{4}-\d\d-\d\dT\d\d$/ : /^\d{4}-\d\d-\d\d$/;
  if (!form.test(at)) return NaN;
  return step === "hour" ? Date.parse(`${at}:00:00Z`) / 3600000 : Date.parse(`${at}T00:00:00Z`) / 86400000;
}

// The slots of the whole span, those without any delivery too; times that can't be read stand side by side.
function makeAxis(buckets, step) {
  const numbers = buckets.map((bucket) => serial(bucket.at, step));
  const readable = numbers.length > 0 && numbers.every((number) => Number.isInteger(number));
  const first = readable ? Math.min(...numbers) : 0;
  const slots = new Map(buckets.map((bucket, at) => [bucket.at, readable ? numbers[at] - first : at]));
  const length = readable ? Math.max(...numbers) - first + 1 : buckets.length;
  const name = (slot) => {
    if (!readable) return times(buckets[slot].at);
    const unit = step === "hour" ? 3600000 : 86400000;
    return times(new Date((first + slot) * unit).toISOString().slice(0, step === "hour" ? 13 : 10));
  };
  const label = (bar, size) => {
    const from = bar * size;
    const to = Math.min(length, from + size) - 1;
    return from === to ? name(from) : `${name(from)} to ${name(to)}`;
  };
  return { length, label, step, slotOf: (at) => slots.get(at) };
}

const axis = makeAxis(data.time.buckets, data.time.step);

// Counts by bar out of pairs of a time and a count.
function binned(pairs, size) {
  const bars = new Array(Math.ceil(axis.length / size)).fill(0);
  for (const [at, number] of pairs) {
    const slot = axis.slotOf(at);
    if (slot !== undefined) bars[Math.floor(slot / size)] += number;
  }
  return bars;
}

function niceTop(highest) {
  if (highest <= 4) return Math.max(1, highest);
  const power = 10 ** Math.floor(Math.log10(highest));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((n) => n * power).find((top) => top >= highest);
}

// One panel of stacked bars; series are { name, bars }.
function panel(series, width, height, left) {
  const bars = series[0].bars.length;
  const sums = series[0].bars.map((_, at) => series.reduce((sum, one) => sum + one.bars[at], 0));
  const top = niceTop(Math.max(...sums));
  const room = (width - left) / bars;
  const drawn = svg("svg", { width, height: height + 6, "aria-hidden": "true", focusable: "false" });
  for (const part of top > 1 ? [0, 0.5, 1] : [0, 1]) {
    const y = Math.round(height - part * height) + 5.5;
    drawn.append(svg("line", { class: "grid", x1: left, x2: width, y1: y, y2: y }));
    if (part && Number.isInteger(top * part)) {
      drawn.append(svg("text", { class: "tick", x: left - 5, y: y + 3.5, "text-anchor": "end" }, count(top * part)));
    }
  }
  drawn.append(svg("rect", { class: "cursor", y: 0, width: Math.max(1, room), height: height + 6, x: -9999 }));
  const below = new Array(bars).fill(0);
  for (const { name, bars: values } of series) {
    values.forEach((value, at) => {
      if (!value) return;
      const size = (value / top) * height;
      const x = left + at * room + room * 0.1;
      const y = height + 5 - below[at] - size;
      drawn.append(svg("rect", { class: name, x, y, width: Math.max(0.8, room * 0.8), height: Math.max(0.8, size) }));
      below[at] += size;
    });
  }
  return drawn;
}

function wide(element, characters) {
  element.style.minWidth = `${characters}ch`;
  return element;
}

// A chart with a legend that also tells the values of the bar under the pointer, or the one chosen by the arrow keys.
// It is a slider to a screen reader: that passes the arrow keys on and reads what the value says.
function timeChart(host, title, lines, panels) {
  const legend = el("p", { class: "legend" });
  const box = el("div", { class: "chart", role: "slider", tabindex: "0", "aria-label": title, "aria-valuemin": "0" });
  const ends = el("p", { class: "ends", "aria-hidden": "true" });
  host.append(legend, box, ends);
  const left = 44;
  let at = -1;
  let size = 1;
  let width = 0;
  let now = [];
  let widths = []; // characters of the totals, which no value of a bar exceeds: the legend must not move the chart

  function choose(bar) {
    at = bar;
    const label = at < 0 ? "Whole span" : axis.label(at, size);
    const values = now.map(({ name, words, bars }) => [name, words, at < 0 ? bars.reduce((a, b) => a + b, 0) : bars[at]]);
    legend.replaceChildren(
      wide(el("b", {}, label), size > 1 ? 25 : 17),
      ...values.map(([name, words, value], line) =>
        el("span", {}, el("i", { class: `swatch ${name}`, "aria-hidden": "true" }), `${words} `, wide(el("b", {}, count(value)), widths[line]))),
    );
    box.setAttribute("aria-valuenow", Math.max(0, at));
    box.setAttribute("aria-valuetext", `${label}: ${values.map(([, words, value]) => `${words} ${count(value)}`).join(", ")}`);
    const room = now.length ? (width - left) / now[0].bars.length : 0;
    for (const cursor of box.querySelectorAll(".cursor")) cursor.setAttribute("x", at < 0 ? -9999 : left + at * room);
  }

  function draw() {
    const found = Math.floor(box.clientWidth);
    if (!found || found === width) return;
    width = found;
    size = Math.max(1, Math.ceil((axis.length * LEAST_BAR) / (width - left)));
    now = lines.map((line) => ({ ...line, bars: binned(line.pairs, size) }));
    box.replaceChildren(
      ...panels
        .map(({ names, height }) => [now.filter((line) => names.includes(line.name)), height])
        .filter(([series]) => series.length)
        .map(([series, height]) => panel(series, width, height, left)),
    );
    widths = now.map(({ bars }) => count(bars.reduce((a, b) => a + b, 0)).length);
    const last = now[0].bars.length - 1;
    box.setAttribute("aria-valuemax", last);
    ends.replaceChildren(el("span", {}, axis.label(0, 1)), el("span", {}, axis.label(axis.length - 1, 1)));
    choose(-1);
  }

  box.addEventListener("pointermove", (event) => {
    const room = (width - left) / now[0].bars.length;
    const bar = Math.floor((event.clientX - box.getBoundingClientRect().left - left) / room);
    choose(bar >= 0 && bar < now[0].bars.length ? bar : -1);
  });
  box.addEventListener("pointerleave", () => choose(-1));
  box.addEventListener("blur", () => choose(-1));
  box.addEventListener("keydown", (event) => {
    const last = now[0].bars.length - 1;
    const moves = { ArrowRight: at + 1, ArrowLeft: at < 0 ? last : at - 1, PageDown: at + 10, PageUp: at - 10, Home: 0, End: last, Escape: -1 };
    moves.ArrowUp = moves.ArrowRight;
    moves.ArrowDown = moves.ArrowLeft;
    if (!(event.key in moves)) return;
    event.preventDefault();
    choose(event.key === "Escape" ? -1 : Math.max(0, Math.min(last, moves[event.key])));
  });
  new ResizeObserver(draw).observe(box);
}

// A row of small bars.
function spark(bars, label, kind) {
  const height = 18;
  const room = Math.max(3, Math.min(9, Math.floor(96 / bars.length)));
  const highest = Math.max(...bars, 1);
  const drawn = svg("svg", { class: "spark", width: room * bars.length, height, role: "img", "aria-label": label });
  drawn.append(svg("line", { class: "grid", x1: 0, x2: room * bars.length, y1: height - 0.5, y2: height - 0.5 }));
  bars.forEach((value, at) => {
    if (!value) return;
    const size = Math.max(1, (value / highest) * (height - 1));
    drawn.append(svg("rect", { class: kind, x: at * room, y: height - size, width: room - 1, height: size }));
  });
  return drawn;
}
