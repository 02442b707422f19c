"""A program for the tests: runs an embedded PostgreSQL until its standard input ends.

    python supervise.py DATA_DIR [USER]

With USER it gives up root for that user first.  It prints one line of JSON when the server runs.
"""

from __future__ import annotations

import json
import os
import pwd
import sys
from pathlib import Path

import psycopg

from seatwright.postgres.account import server_account
from seatwright.postgres.binaries import readable_binaries
from seatwright.postgres.embedded import EmbeddedServer


def become(name: str) -> None:
    """Give up root for good."""
    entry = pwd.getpwnam(name)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    os.environ.pop("XDG_RUNTIME_DIR", None)


def main() -> None:
    """Start, report, wait, stop."""
    data_dir = Path(sys.argv[1])
    # Read before root is given up: the environment may be where only root can read.
    binaries = readable_binaries(server_account(), data_dir.parent)
    if len(sys.argv) > 2:
        become(sys.argv[2])
    server = EmbeddedServer(data_dir, binaries=binaries, options={"shared_buffers": "32MB"})
    urls = server.start()
    with psycopg.connect(urls.app) as connection:
        row = connection.execute("select session_user::text").fetchone()
    report = {"pid": server.pid, "app": urls.app, "owner": urls.owner, "role": row and row[0]}
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
