"""A real S3 server on loopback, for the tests and for a benchmark."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

KEY: Final = "reader"
SECRET: Final = "hunter2-of-the-bucket"
_SERVERS: Final = ("master", "volume", "filer")


def program() -> str | None:
    """Return where the server is, which the extra of the tests brings along."""
    return shutil.which("weed", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")


def environment(endpoint: str) -> dict[str, str]:
    """Return what an operator sets to read from a server."""
    return {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DEFAULT_REGION": "us-east-1",
    }


@contextmanager
def s3_server(folder: Path) -> Iterator[str]:
    """Run a server with one pair of keys on a folder while the block lasts; give its address."""
    identity = {"name": "t", "credentials": [{"accessKey": KEY, "secretKey": SECRET}]}
    (folder / "keys.json").write_text(
        json.dumps({"identities": [identity | {"actions": ["Admin"]}]})
    )
    port, grpc, *ports = _free_ports(2 + 2 * len(_SERVERS))
    words = [
        str(program()), "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3",
        f"-s3.port={port}", f"-s3.port.grpc={grpc}", f"-s3.config={folder / 'keys.json'}",
        # Two catalogues that nobody asks, at ports of their own: a second server would find them taken.
        "-s3.port.iceberg=0", "-s3.port.lance=0",
        "-master.telemetry=false", "-master.volumeSizeLimitMB=64", "-volume.max=0",
    ]  # fmt: skip
    for number, name in enumerate(_SERVERS):
        words += [f"-{name}.port={ports[2 * number]}", f"-{name}.port.grpc={ports[2 * number + 1]}"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(words, stdout=log, stderr=log, cwd=folder)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, server, folder / "log")
        yield address
    finally:
        server.terminate()
        server.wait(timeout=60)


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [it.getsockname()[1] for it in held]
    for it in held:
        it.close()
    return ports


def _wait_for(address: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 120
    while True:
        assert server.poll() is None, log.read_text()[-2000:]
        assert time.monotonic() < deadline, log.read_text()[-2000:]
        try:
            urllib.request.urlopen(address, timeout=5)
        except urllib.error.HTTPError:
            return  # it answers, and asks for a key
        except OSError:
            time.sleep(0.2)
