// Names on the map at two levels; those that would overlap wait until there is room.

const LABEL_CHARS = 34;
const FEWER_CHARS = 20; // where the map is narrow
const NARROW = 600;
const THEMES_FROM = 1.8;
const FAR = 0.2; // of the map: a theme so far from its topic's middle has its name from the start

function middles(points, groupOf, n) {
  const xs = Array.from({ length: n }, () => []), ys = Array.from({ length: n }, () => []);
  for (let at = 0; at < points.n; at += 1) {
    const group = groupOf(points.themes[at]);
    if (group === undefined || group >= n) continue;
    xs[group].push(points.x[at]);
    ys[group].push(points.y[at]);
  }
  const part = (values, share) => values[Math.floor(share * (values.length - 1))];
  const sorted = (lists) => lists.map((it) => it.sort((a, b) => a - b));
  sorted(xs);
  return sorted(ys).map((values, group) => ({ x: part(xs[group], 0.5), y: part(values, 0.5),
    top: part(values, 0.94), bottom: part(values, 0.06), n: values.length }));
}

// Whole words of a name that is a list of words, else its beginning.
function shortened(name, most = LABEL_CHARS) {
  const characters = [...name];
  if (characters.length <= most) return name;
  const beginning = characters.slice(0, most - 1).join("");
  const words = beginning.lastIndexOf(", ");
  return `${words > most / 3 ? beginning.slice(0, words) : beginning.trimEnd()}…`;
}

function labelsOf(layer, content, points) {
  const placeOf = new Map(content.themes.map((it, at) => [it.id, at]));
  const topicOf = new Map(content.topics.flatMap((topic, at) =>
    topic.themes.map((id) => [placeOf.get(id), at])));
  const topics = middles(points, (theme) => topicOf.get(theme), content.topics.length)
    .map((it, at) => ({ ...it, level: "topic", name: content.topics[at].name }));
  const themes = middles(points, (theme) => theme, content.themes.length)
    .map((it, at) => ({ ...it, level: "theme", name: content.themes[at].name,
      isAlone: isFar(it, topics[topicOf.get(at)]) }));
  const most = layer.clientWidth < NARROW ? FEWER_CHARS : LABEL_CHARS;
  const labels = [...topics, ...themes].filter((it) => it.n)
    .sort((a, b) => (a.level === b.level ? b.n - a.n : a.level === "topic" ? -1 : 1));
  for (const it of labels) {
    it.element = said(shortened(it.name, most), "span", { class: `label level-${it.level}`, hidden: true });
    layer.append(it.element);
  }
  return (camera) => placeLabels(labels, camera, topics.length > 0);
}

function isFar(theme, topic) {
  return !topic || Math.hypot(theme.x - topic.x, theme.y - topic.y) > FAR;
}

function placeLabels(labels, camera, hasTopics) {
  const taken = [];
  for (const it of labels) {
    // Their width does not change: measured when they are first seen.
    if (!it.width) {
      it.element.hidden = false;
      it.width = it.element.offsetWidth + 6;
      it.height = it.element.offsetHeight + 2;
    }
    const [x, y] = camera.toScreen(it.x, it.y);
    const isLate = hasTopics && it.level === "theme" && !it.isAlone && camera.zoom < THEMES_FROM;
    const isInside = x > 0 && y > 0 && x < camera.width && y < camera.height;
    const box = isLate || !isInside ? null
      : boxesOf(it, camera).find((one) => !taken.some((other) => meet(one, other)));
    it.element.hidden = !box;
    if (!box) continue;
    taken.push(box);
    // In shares of the map, which is printed smaller than it is shown.
    const [left, top] = [100 * box.left / camera.width, 100 * box.top / camera.height];
    it.element.style.transform = `translate(${left.toFixed(2)}cqw, ${top.toFixed(2)}cqh)`;
  }
}

// Where a name may stand: a theme's above its points or below them, a topic's in the middle.
function boxesOf(it, camera) {
  const within = (value, most) => Math.min(Math.max(value, 3), Math.max(3, most - 3));
  const tops = it.level === "topic" ? [camera.toScreen(it.x, it.y)[1] - it.height / 2]
    : [camera.toScreen(it.x, it.top)[1] - it.height - 5, camera.toScreen(it.x, it.bottom)[1] + 5];
  const left = within(camera.toScreen(it.x, it.y)[0] - it.width / 2, camera.width - it.width);
  return tops.map((top) => ({ left, top: within(top, camera.height - it.height),
    width: it.width, height: it.height }));
}

function meet(one, other) {
  return one.left < other.left + other.width && other.left < one.left + one.width
    && one.top < other.top + other.height && other.top < one.top + one.height;
}
