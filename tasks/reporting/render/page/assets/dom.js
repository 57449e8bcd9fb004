// Elements out of data. Text is only ever set as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

function el(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

// What comes from a feed may be written in any direction.
function said(text, tag = "span", properties = {}) {
  return el(tag, { dir: "auto", ...properties }, text);
}

function section(id, title, ...children) {
  const heading = `${id}-title`;
  return el("section", { id, "aria-labelledby": heading }, el("h2", { id: heading }, title), children);
}

function details(summary, ...children) {
  return el("details", {}, el("summary", {}, summary), children);
}

// What is no text comes as a picture, below it its id and words.
function quote(example) {
  const id = example.doc_id ? el("cite", {}, said(example.doc_id)) : null;
  if (!example.picture) return el("blockquote", {}, said(example.text, "p"), id);
  return el("figure", { class: "item" }, picture(example.picture, example.text),
    el("figcaption", {}, said(example.text)));
}

function picture(source, text) {
  return el("img", { src: source, alt: text, loading: "lazy" });
}

function table(caption, heads, rows) {
  const head = el("tr", {}, heads.map((it) => el("th", { scope: "col" }, it)));
  const body = rows.map((cells) =>
    el("tr", {}, cells.map((it, at) => (at ? el("td", {}, it) : el("th", { scope: "row" }, it)))));
  return el("div", { class: "scrolls", tabindex: 0, role: "region", "aria-label": caption },
    el("table", {}, el("caption", {}, caption), el("thead", {}, head), el("tbody", {}, body)));
}

function read(id) {
  return JSON.parse(document.getElementById(id).textContent);
}
