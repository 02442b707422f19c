"""Numbers of several processes: summed whichever is asked, and never those of the dead."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

_WORKER = """
import sys
from seatwright.web.metrics import CONNECTIONS, IN_FLIGHT, REQUESTS, REQUEST_SECONDS
for _ in range(3):
    REQUESTS.labels("GET", "/api/x", 200).inc()
    REQUEST_SECONDS.labels("GET", "/api/x").observe(0.004)
IN_FLIGHT.inc()
CONNECTIONS.inc()
print("ready", flush=True)
sys.stdin.readline()
"""
_SCRAPE = "from seatwright.web.metrics import render; print(render(None).decode())"


def worker(environment: dict[str, str]) -> subprocess.Popen[str]:
    started = subprocess.Popen(
        [sys.executable, "-c", _WORKER],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n"
    return started


def scrape(environment: dict[str, str]) -> list[str]:
    asked = subprocess.run(
        [sys.executable, "-c", _SCRAPE], env=environment, capture_output=True, text=True, check=True
    )
    return asked.stdout.splitlines()


def test_counts_add_up_over_processes_and_a_killed_one_holds_nothing(tmp_path: Path) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    one, two = worker(environment), worker(environment)
    try:
        lines = scrape(environment)
        count = 'seatwright_http_requests_total{method="GET",route="/api/x",status="200"}'
        assert f"{count} 6.0" in lines
        bucket = 'seatwright_http_request_seconds_bucket{le="0.005",method="GET",route="/api/x"}'
        assert f"{bucket} 6.0" in lines
        assert "seatwright_http_requests_in_flight 2.0" in lines
        two.send_signal(signal.SIGKILL)
        two.wait()
        lines = scrape(environment)
        assert f"{count} 6.0" in lines, "what a killed process did, it did"
        assert "seatwright_http_requests_in_flight 1.0" in lines
        assert "seatwright_database_connections_in_use 1.0" in lines
    finally:
        for process in (one, two):
            process.kill()
            process.communicate()
