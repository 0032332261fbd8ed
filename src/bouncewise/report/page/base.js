// What the other parts share. Text of strangers becomes text nodes and attributes only, never markup.
const data = JSON.parse(document.getElementById("summary").textContent);
const OUTCOMES = ["delivered", "deferred", "bounced", "expired", "rejected", "complaint"];
const SVG = "http://www.w3.org/2000/svg";
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}]/gu;
const MAX_SHOWN = 60; // characters of a name; the whole of it stands in its title
const MAX_TITLE = 500;

function el(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

// Control, format and unassigned characters as visible signs: nothing may reorder or hide words.
function plain(text) {
  return String(text).replace(HIDDEN, (char) => {
    const code = char.codePointAt(0);
    if (char === "\n") return char;
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? "␡" : `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
  });
}

function shown(text, width = MAX_SHOWN) {
  const whole = plain(text ?? "");
  if (whole.length <= width) return document.createTextNode(whole);
  const title = whole.length <= MAX_TITLE ? whole : whole.slice(0, MAX_TITLE) + "…";
  return el("span", { title }, whole.slice(0, width - 1).toWellFormed?.() ?? whole.slice(0, width - 1), "…");
}

// A step; what stands between backticks is code.
function coded(text) {
  return plain(text).split("`").map((part, at) => (at % 2 ? el("code", {}, part) : part));
}

function count(number) {
  return number.toLocaleString("en-US");
}

function percent(share) {
  const value = share * 100;
  return `${value.toFixed(value >= 10 ? 0 : value >= 0.1 || !value ? 1 : 2)} %`;
}

function times(time) {
  const text = plain(time ?? "");
  if (text.length === 13) return `${text.slice(0, 10)} ${text.slice(11, 13)} h`;
  return `${text.slice(0, 10)} ${text.slice(11, 16)}`.trim();
}

// A bar with its length; the style is set by property, since the policy allows no style attributes.
function bar(share, kind, mark) {
  const fill = el("span", { class: `fill ${kind}` });
  fill.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  const whole = el("span", { class: "bar", "aria-hidden": "true" }, fill);
  if (mark !== undefined) {
    const line = el("span", { class: "mark" });
    line.style.left = `${Math.min(1, mark) * 100}%`;
    whole.append(line);
  }
  return whole;
}

// Makes what stands in an element a button, which keeps its looks.
function asButton(element, attributes, act) {
  const button = el("button", { type: "button", ...attributes }, ...element.childNodes);
  button.addEventListener("click", act);
  element.append(button);
  return button;
}
