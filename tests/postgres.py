"""A real PostgreSQL server in a folder of its own, reached through a socket that only this machine has."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NO_SERVER = "needs PostgreSQL's server binaries (Debian: apt-get install postgresql)"


def server_binaries() -> Path | None:
    """The folder of ``initdb`` and ``pg_ctl``: on the path, or the newest of Debian's."""
    on_path = shutil.which("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = [Path(on_path)] if on_path else debian
    return found[-1].parent if found and (found[-1].parent / "pg_ctl").exists() else None


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[str]:
    """Start a server, give the URL of its first database without the database's name, and take everything away again.

    ``durable`` syncs at every commit, as a server should; tests need not. The server refuses to run as root, so root
    starts it as the user postgres.
    """
    binaries = server_binaries()
    assert binaries is not None, NO_SERVER
    folder = Path(tempfile.mkdtemp(prefix="lotwright-pg-"))
    user: dict[str, object] = {}
    if os.geteuid() == 0:
        entry = pwd.getpwnam("postgres")
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def run(*command: str) -> None:
        done = subprocess.run(  # a file, not a pipe: the server inherits it and would keep a pipe open
            [str(binaries / command[0]), *command[1:]],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=False,
            timeout=120,
            **user,  # type: ignore[arg-type]
        )
        if done.returncode:
            log.seek(0)
            raise RuntimeError(f"{' '.join(command)} failed:\n{log.read().decode(errors='replace')}")

    data = str(folder / "data")
    options = f"-c listen_addresses='' -k {folder} -c max_connections=100" + ("" if durable else " -c fsync=off")
    try:
        with tempfile.TemporaryFile() as log:
            run("initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
            run("pg_ctl", "start", "-w", "-D", data, "-o", options)
            try:
                yield f"postgresql://postgres@/DATABASE?host={folder}"
            finally:
                run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", data)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
