"""A PostgreSQL server of the tests' own, on loopback, and gone with all its data when they end."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests.flows.processes import find_port


def binaries() -> list[Path]:
    """The programs that make a new database, where the Debian package is installed; oldest first."""
    return sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


@contextmanager
def postgres_server() -> Iterator[str]:
    """Start a server and stop it; give its URL, once it answers."""
    folder, port, password = Path(tempfile.mkdtemp()), find_port(), secrets.token_hex(16)
    # PostgreSQL does not run as root; the Debian package has made it a user.
    who: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []}
    who = {**who, "cwd": folder} if os.geteuid() == 0 else {"cwd": folder}
    (folder / "password").write_text(password, encoding="utf-8")
    if os.geteuid() == 0:
        for path in (folder, folder / "password"):
            shutil.chown(path, "postgres", "postgres")
    data = ["-D", str(folder / "data")]
    given = ["-U", "prefect", "--auth=scram-sha-256", f"--pwfile={folder / 'password'}"]
    initdb = binaries()[-1]
    with (folder / "log").open("wb") as log:
        quiet: dict[str, Any] = {"stdout": log, "stderr": log}
        subprocess.run([initdb, *data, *given], check=True, **who, **quiet)
        options = ["-h", "127.0.0.1", "-p", str(port), "-k", str(folder)]
        server = subprocess.Popen([initdb.with_name("postgres"), *data, *options], **who, **quiet)
    url = f"postgresql://prefect:{password}@127.0.0.1:{port}/postgres"
    try:
        wait_for(url)
        yield url
    finally:
        # Ends sessions that are still open.
        server.send_signal(signal.SIGINT)
        server.wait(timeout=60)
        shutil.rmtree(folder)


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.2)
