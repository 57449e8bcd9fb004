// Where the map is looked at: a middle and a zoom; places of documents are from 0 to 1.

const MOST_ZOOM = 60;

function cameraOf(width, height) {
  const camera = { x: 0.5, y: 0.5, zoom: 1, width, height };
  camera.side = () => Math.min(camera.width, camera.height) * camera.zoom;
  camera.toScreen = (x, y) => [
    (x - camera.x) * camera.side() + camera.width / 2,
    (camera.y - y) * camera.side() + camera.height / 2];
  camera.toPlace = (left, top) => [
    (left - camera.width / 2) / camera.side() + camera.x,
    camera.y - (top - camera.height / 2) / camera.side()];
  camera.move = (left, top) => {
    camera.x = Math.min(1, Math.max(0, camera.x - left / camera.side()));
    camera.y = Math.min(1, Math.max(0, camera.y + top / camera.side()));
  };
  camera.zoomAt = (factor, left, top) => {
    const [x, y] = camera.toPlace(left, top);
    camera.zoom = Math.min(MOST_ZOOM, Math.max(0.8, camera.zoom * factor));
    const [nowX, nowY] = camera.toPlace(left, top);
    camera.x += x - nowX;
    camera.y += y - nowY;
  };
  camera.show = (box) => {
    camera.x = (box.left + box.right) / 2;
    camera.y = (box.top + box.bottom) / 2;
    const wide = Math.max(box.right - box.left, 1e-3) * Math.min(camera.width, camera.height);
    const high = Math.max(box.bottom - box.top, 1e-3) * Math.min(camera.width, camera.height);
    camera.zoom = Math.min(MOST_ZOOM, 0.9 * Math.min(camera.width / wide, camera.height / high));
  };
  return camera;
}

// Drag, wheel, pinch and keys; every change asks for a new picture.
function steer(surface, camera, changed, clicked, reset) {
  const pointers = new Map();
  let moved = 0, apart = 0;
  const spread = () => {
    const [a, b] = [...pointers.values()];
    return Math.hypot(a.x - b.x, a.y - b.y);
  };
  const at = (event) => {
    const box = surface.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  surface.addEventListener("pointerdown", (event) => {
    if (event.target.closest("button")) return;
    surface.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, at(event));
    moved = 0;
    if (pointers.size === 2) apart = spread();
  });
  surface.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = at(event);
    pointers.set(event.pointerId, now);
    moved += Math.hypot(now.x - before.x, now.y - before.y);
    if (pointers.size === 2) {
      const wide = spread();
      if (apart) camera.zoomAt(wide / apart, now.x, now.y);
      apart = wide;
    } else camera.move(now.x - before.x, now.y - before.y);
    changed();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    surface.addEventListener(end, (event) => {
      if (!pointers.delete(event.pointerId)) return;
      if (end === "pointerup" && moved < 4) clicked(at(event));
    });
  }
  surface.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && document.activeElement !== surface) return; // the page scrolls on
    event.preventDefault();
    const place = at(event);
    camera.zoomAt(Math.exp(-event.deltaY * 0.002), place.x, place.y);
    changed();
  }, { passive: false });
  const keys = {
    ArrowLeft: () => camera.move(60, 0), ArrowRight: () => camera.move(-60, 0),
    ArrowUp: () => camera.move(0, 60), ArrowDown: () => camera.move(0, -60),
    "+": () => camera.zoomAt(1.4, camera.width / 2, camera.height / 2),
    "=": () => camera.zoomAt(1.4, camera.width / 2, camera.height / 2),
    "-": () => camera.zoomAt(1 / 1.4, camera.width / 2, camera.height / 2),
    "0": reset,
  };
  surface.addEventListener("keydown", (event) => {
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
    changed();
  });
}
