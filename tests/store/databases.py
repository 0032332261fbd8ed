"""The databases that tests of the store run on: a file, and a PostgreSQL server that they start."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def missing() -> str:
    """Why PostgreSQL can't be started here, or ""."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "psycopg is missing (extra postgres)"
    if not BINARIES and not shutil.which("initdb"):
        return "PostgreSQL is missing (postgresql)"
    if os.geteuid() == 0 and "postgres" not in {entry.pw_name for entry in pwd.getpwall()}:
        return "PostgreSQL does not run as root, and there is no user postgres"
    return ""


@contextmanager
def postgres() -> Iterator[str]:
    """A server on a socket in a folder of its own; its URL."""
    folder = Path(tempfile.mkdtemp(prefix="bouncewise-pg-"))
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    bin_ = BINARIES[-1] if BINARIES else Path(shutil.which("initdb") or "").parent

    def run(*command: str) -> None:
        before = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        subprocess.run([*before, *command], check=True, capture_output=True, cwd=folder, timeout=60)

    data = str(folder / "data")
    try:
        run(str(bin_ / "initdb"), "-D", data, "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
        options = f"-c listen_addresses='' -k {folder} -c fsync=off"
        run(str(bin_ / "pg_ctl"), "-D", data, "-o", options, "-l", str(folder / "log"), "-w", "start")
        try:
            yield f"postgresql:///postgres?host={folder}&user={user}"
        finally:
            run(str(bin_ / "pg_ctl"), "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
