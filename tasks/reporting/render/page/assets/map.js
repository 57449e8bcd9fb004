// The map: every document of the window, to look at, to filter and to search.

const LISTED = 12;
const REACH = 14; // pixels around the pointer in which a document is found
const MOST_FRAME = 6; // milliseconds for points: of the 33 of a frame, names and the page take most by software
const REST = 160; // milliseconds without a move, after which all points are drawn again

function unpack(text, Kind) {
  const plain = atob(text), bytes = new Uint8Array(plain.length);
  for (let at = 0; at < plain.length; at += 1) bytes[at] = plain.charCodeAt(at);
  return new Kind(bytes.buffer);
}

function pointsOf(packed) {
  const places = unpack(packed.places, Uint16Array);
  const points = { n: packed.n, places, themes: unpack(packed.themes, Uint16Array),
    isNew: unpack(packed.is_new, Uint8Array), state: new Uint8Array(packed.n).fill(1), layers: [1],
    pictures: [],
    x: new Float32Array(packed.n), y: new Float32Array(packed.n), ids: [], texts: [] };
  for (let at = 0; at < packed.n; at += 1) {
    points.x[at] = places[2 * at] / 65535;
    points.y[at] = places[2 * at + 1] / 65535;
  }
  return points;
}

async function readTexts(packed, points) {
  const zipped = new Blob([unpack(packed.texts, Uint8Array)]).stream();
  const told = await new Response(zipped.pipeThrough(new DecompressionStream("gzip"))).json();
  points.ids = told.ids;
  points.texts = told.texts;
  points.pictures = told.pictures ?? [];
  points.lower = told.texts.map((it) => it.toLowerCase());
}

function nearestIndex(points) {
  const index = new KDBush(points.n, 64, Float32Array);
  for (let at = 0; at < points.n; at += 1) index.add(points.x[at], points.y[at]);
  index.finish();
  return (camera, place) => {
    const [x, y] = camera.toPlace(place.x, place.y);
    let found = -1, best = Infinity;
    for (const at of index.within(x, y, REACH / camera.side())) {
      const away = Math.hypot(points.x[at] - x, points.y[at] - y) + (points.state[at] ? 0 : 1);
      if (away < best) [found, best] = [at, away];
    }
    return found;
  };
}

function mapSection(content, packed, colours) {
  if (!packed || !packed.n) {
    return section("map", "Map", el("p", { class: "quiet" }, "This night has no map."));
  }
  const canvas = el("canvas", { role: "img", "aria-label":
    `${count(packed.n, "document")} as points, alike ones near each other` });
  const names = el("div", { class: "labels", "aria-hidden": "true" });
  const tip = el("div", { class: "tip", hidden: true });
  const surface = el("div", { class: "surface", tabindex: 0, role: "application", "aria-label":
    "Map of the documents. Arrow keys move it, plus and minus zoom, zero shows all of it." },
    canvas, names, tip);
  const search = el("input", { type: "search", id: "search", placeholder: "words or an id",
    autocomplete: "off" });
  const status = el("p", { class: "status", role: "status" });
  const list = el("ul", { class: "found" });
  const buttons = [["Zoom in", "+"], ["Zoom out", "−"], ["Show all", "⤢"], ["New tonight", "new"]]
    .map(([label, sign]) => el("button", { type: "button", "aria-label": label, title: label,
      "aria-pressed": sign === "new" ? "false" : null }, sign));
  const made = section("map", "Map",
    el("div", { class: "tools" }, el("label", { for: "search" }, "Search"), search,
      el("div", { class: "buttons" }, buttons)),
    surface, legendOf(content, colours),
    status, list, el("p", { class: "quiet" }, mapNote(content.map)));
  const parts = { canvas, names, tip, surface, search, status, list, buttons,
    legend: made.querySelector(".legend") };
  return { made, start: () => startMap(content, packed, colours, parts) };
}

// What has a colour of its own: topics, and themes that are under none.
function groupsOf(content) {
  const under = new Set(content.topics.flatMap((it) => it.themes));
  const alone = content.themes.filter((it) => !under.has(it.id) && it.kind !== "remarks");
  return [...content.topics, ...alone];
}

function mapNote(facts) {
  const left = facts.n_left_out
    ? ` Of the window, ${count(facts.n_left_out, "more document")} have no room here.` : "";
  const way = facts.kind === "again" && facts.median_displacement !== null
    ? ` It was laid out again tonight: half of the documents moved by less than ${percent(facts.median_displacement)} of its width.`
    : facts.kind === "kept" ? " Documents of earlier nights are where they were." : "";
  return `Near means alike; directions mean nothing.${way}${left}`
    + " Click a point for its theme; hold Ctrl and turn the wheel, or use two fingers, to zoom.";
}

function legendOf(content, colours) {
  return el("ul", { class: "legend", "aria-label": "Colours; press to filter" },
    groupsOf(content).slice(0, 24).map((it) => {
      const dot = el("span", { class: "dot", "aria-hidden": "true" });
      dot.style.setProperty("background", colours.hueOf(it.themes ? it.themes[0] : it.id));
      return el("li", {}, el("button", { type: "button", "aria-pressed": "false", "data-group": it.id },
        dot, said(shortened(it.name)), el("small", {}, ` ${whole.format(it.size)}`)));
    }));
}

function startMap(content, packed, colours, parts) {
  const points = pointsOf(packed), camera = cameraOf(1, 1);
  const drawing = drawingOf(parts.canvas, points);
  if (!drawing) {
    parts.status.textContent = "This browser draws no WebGL, so the points are not shown; search works.";
  }
  const showLabels = labelsOf(parts.names, content, points);
  const size = Math.min(9, Math.max(1.9, 105 / points.n ** 0.4));
  const ratio = Math.min(devicePixelRatio || 1, 2);
  const box = { left: Math.min(...sample(points.x)), right: Math.max(...sample(points.x)),
    top: Math.min(...sample(points.y)), bottom: Math.max(...sample(points.y)) };
  let isDue = false, step = 1;
  const draw = () => {
    isDue = false;
    drawing?.draw(camera, ratio, size * Math.min(3, camera.zoom ** 0.4), points.layers, step);
    showLabels(camera);
  };
  const due = () => {
    if (!isDue) requestAnimationFrame(draw);
    isDue = true;
  };
  const reset = () => camera.show(box);
  // Where all points take too long, a part of them is drawn as long as the map moves.
  let whileMoving = null, rest = 0;
  const moved = () => {
    whileMoving ??= Math.max(1, Math.ceil((drawing?.milliseconds() ?? 0) / MOST_FRAME));
    step = whileMoving;
    clearTimeout(rest);
    rest = setTimeout(() => { step = 1; due(); }, REST);
    due();
  };
  drawing?.paint(colours.bytes(content));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    drawing?.paint(colours.bytes(content));
    due();
  });
  new ResizeObserver(() => {
    const [wasWide] = [camera.width];
    [camera.width, camera.height] = [parts.surface.clientWidth, parts.surface.clientHeight];
    // The shape that print keeps.
    parts.surface.style.setProperty("--shape", `${camera.width} / ${camera.height}`);
    if (wasWide === 1) reset();
    draw();
  }).observe(parts.surface);
  const nearest = nearestIndex(points);
  const choice = choosing(content, points, parts, () => { drawing?.light(); due(); });
  steer(parts.surface, camera, moved, (place) => choice.pick(nearest(camera, place)), reset);
  hovering(parts, camera, points, content, nearest);
  const [closer, wider, all] = parts.buttons;
  const middle = () => [camera.width / 2, camera.height / 2];
  closer.addEventListener("click", () => { camera.zoomAt(1.5, ...middle()); due(); });
  wider.addEventListener("click", () => { camera.zoomAt(1 / 1.5, ...middle()); due(); });
  all.addEventListener("click", () => { reset(); choice.clear(); due(); });
  readTexts(packed, points).then(choice.ready);
}

// Of very many numbers, enough to find their ends.
function sample(values) {
  const step = Math.max(1, Math.floor(values.length / 20000));
  return values.filter((_, at) => at % step === 0);
}

function hovering(parts, camera, points, content, nearest) {
  parts.surface.addEventListener("pointermove", (event) => {
    const box = parts.surface.getBoundingClientRect();
    const place = { x: event.clientX - box.left, y: event.clientY - box.top };
    const at = event.buttons ? -1 : nearest(camera, place);
    parts.tip.hidden = at < 0;
    if (at < 0) return;
    const theme = content.themes[points.themes[at]];
    const shown = points.pictures[at] ? picture(points.pictures[at], "") : null;
    parts.tip.replaceChildren(...[shown, el("strong", {}, said(theme?.name ?? "no theme shown"),
      points.isNew[at] ? " · new" : ""), said(points.texts[at] ?? "…", "p")].filter(Boolean));
    const [x, y] = camera.toScreen(points.x[at], points.y[at]);
    const left = Math.min(Math.max(8, x - 140), camera.width - 288);
    parts.tip.style.transform = `translate(${Math.max(8, left)}px, ${y + (y > camera.height / 2 ? -12 : 14)}px)`
      + (y > camera.height / 2 ? " translateY(-100%)" : "");
  });
  parts.surface.addEventListener("pointerleave", () => { parts.tip.hidden = true; });
}
