"""Launches over HTTP from 64 connections, driven by wrk where it is installed."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

CONNECTIONS: Final = 64


class Load:
    """wrk with 64 connections; each person of a list is launched for in turn."""

    def __init__(self, wrk: str, *, url: str, token: str, app: str) -> None:
        self.wrk = wrk
        self.url = url
        self.token = token
        self.app = app

    def measure(self, method: str, people: Sequence[str]) -> tuple[float, float]:
        """Calls a second, and their p99 in milliseconds."""
        with tempfile.TemporaryDirectory() as root:
            script = Path(root) / "launch.lua"
            (Path(root) / "people").write_text("\n".join(people))
            script.write_text(
                _SCRIPT.format(
                    people=Path(root) / "people",
                    token=self.token,
                    method=method,
                    app=self.app,
                )
            )
            command = [self.wrk, "-t1", f"-c{CONNECTIONS}", "-d3s", "--latency"]
            done = subprocess.run(
                [*command, "-s", str(script), f"{self.url}/api/launch"],
                capture_output=True,
                text=True,
                check=True,
            )
        rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
        slow = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout)
        assert rate is not None, done.stdout
        assert slow is not None, done.stdout
        return float(rate[1]), float(slow[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[slow[2]]


_SCRIPT: Final = """
local people = {{}}
for line in io.lines("{people}") do people[#people + 1] = line end
local at = 0
wrk.headers["Authorization"] = "Bearer {token}"
wrk.headers["Content-Type"] = "application/json"
request = function()
  at = at % #people + 1
  local body = nil
  if "{method}" == "POST" then
    body = '{{"event":"appLaunch","app":"{app}","user":"' .. people[at] .. '"}}'
  end
  return wrk.format("{method}", nil, nil, body)
end
"""
