// Numbers as people read them, and small pictures of them.

const whole = new Intl.NumberFormat("en");

function count(n, word) {
  return `${whole.format(n)} ${word}${n === 1 ? "" : "s"}`;
}

function fixed(value, places = 2) {
  return value === null || value === undefined ? "–" : value.toFixed(places);
}

function signed(value, places = 0) {
  const text = value.toFixed(places);
  return value > 0 ? `+${text}` : text.replace("-", "−");
}

function percent(share) {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

function longDate(night) {
  const day = new Date(`${night}T12:00:00Z`);
  const form = { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" };
  return new Intl.DateTimeFormat("en-GB", form).format(day).replace(/(\d) /, "$1\u00a0");
}

// A line a series over the nights; the first is the one that counts.
function sparkline(label, nights, series, { width = 160, height = 36, isFromZero = true } = {}) {
  const values = series.flat().filter((it) => it !== null && it !== undefined);
  if (!values.length) return null;
  const least = Math.min(...values), high = Math.max(...values, least + 1e-9);
  const low = isFromZero ? Math.min(0, least) : least - 0.2 * (high - least);
  const step = nights.length > 1 ? (width - 8) / (nights.length - 1) : 0;
  const x = (at) => 4 + at * step;
  const y = (value) => height - 4 - ((value - low) / (high - low)) * (height - 8);
  const lines = series.map((line, kind) => {
    const points = line.map((it, at) => [it, at]).filter(([it]) => it !== null && it !== undefined);
    const path = points.map(([it, at], n) => `${n ? "L" : "M"}${x(at).toFixed(1)} ${y(it).toFixed(1)}`);
    const [last, at] = points.at(-1) ?? [null, 0];
    return last === null ? null : svg("g", { class: `series-${kind}` },
      svg("path", { d: path.join("") }), svg("circle", { cx: x(at), cy: y(last), r: 2.6 }));
  });
  return svg("svg", { class: "spark", role: "img", "aria-label": label, width, height,
    viewBox: `0 0 ${width} ${height}` }, lines);
}

function bars(label, values, width = 320, height = 64) {
  const high = Math.max(...values, 1), slot = width / Math.max(values.length, 12);
  const shapes = values.map((it, at) => {
    const tall = Math.max((it / high) * (height - 4), it ? 1.5 : 0);
    const last = at === values.length - 1;
    return svg("rect", { x: at * slot + 1, y: height - tall, width: slot - 2, height: tall, rx: 1.5,
      class: last ? "tonight" : null });
  });
  return svg("svg", { class: "bars", role: "img", "aria-label": label,
    viewBox: `0 0 ${width} ${height}`, width, height }, shapes);
}
