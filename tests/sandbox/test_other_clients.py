"""The circle with clients that are not of Python: swaks and nodemailer, as Debian has them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bouncewise.api import default_engine, diagnose
from bouncewise.sandbox.personas import names, personas
from bouncewise.sandbox.run import Sandbox
from bouncewise.sandbox.words import typical

SUCCESS = {"accepted", "forwarded", "unverified"}
NODE_MODULES = Path("/usr/share/nodejs")
NODE = shutil.which("node")
SWAKS = shutil.which("swaks")
LEAST = 0.98

SENDS = """
const nodemailer = require('nodemailer');
const [host, port, cases] = [process.argv[2], Number(process.argv[3]), JSON.parse(require('fs').readFileSync(0))];
(async () => {
  for (const local of cases) {
    const transport = nodemailer.createTransport({host, port, ignoreTLS: true, name: 'c.example.com'});
    try {
      await transport.sendMail({from: 'ann@example.com', to: `${local}@example.net`, subject: 'x', text: 'hi'});
      console.log(JSON.stringify(''));
    } catch (error) { console.log(JSON.stringify(String(error))); }
    transport.close();
  }
})();
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(default_engine().knowledge) as running:
        yield running


def _cases(sandbox: Sandbox) -> list[tuple[str, str]]:
    """Each cause in typical words and in those of each persona; the local part that asks for it."""
    found = [(cause, cause) for cause in typical() if cause not in SUCCESS]
    for name in names():
        own = sandbox.words.causes_of(personas()[name].provider)
        found += [(cause, f"{cause}+{name}") for cause in own if cause in typical() and cause not in SUCCESS]
    return found


def _judge(cases: list[tuple[str, str]], reports: list[str]) -> None:
    assert len(reports) == len(cases) > 250
    found = [(cause, local, text) for (cause, local), text in zip(cases, reports, strict=True)]
    wrong = [
        (local, text[-200:]) for cause, local, text in found if not text or diagnose(text).cause != cause
    ]
    assert len(wrong) <= (1 - LEAST) * len(cases), wrong


@pytest.mark.skipif(
    NODE is None or not (NODE_MODULES / "nodemailer").is_dir(),
    reason="nodemailer is missing (node-nodemailer)",
)
def test_what_nodemailer_reports(sandbox: Sandbox) -> None:
    cases = _cases(sandbox)
    assert NODE
    ran = subprocess.run(
        [NODE, "-e", SENDS, "-", sandbox.host, str(sandbox.port)],
        input=json.dumps([local for _, local in cases]),
        env=os.environ | {"NODE_PATH": str(NODE_MODULES)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    _judge(cases, [json.loads(line) for line in ran.stdout.splitlines()])


@pytest.mark.skipif(SWAKS is None, reason="swaks is missing")
def test_what_swaks_reports(sandbox: Sandbox) -> None:
    assert SWAKS
    cases = _cases(sandbox)

    def send(local: str) -> str:
        command = [SWAKS, "--server", f"{sandbox.host}:{sandbox.port}", "--helo", "c.example.com",
                   "--from", "ann@example.com", "--to", f"{local}@example.net", "--body", "hi"]  # fmt: skip
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return ran.stdout + ran.stderr if ran.returncode else ""

    with ThreadPoolExecutor(4) as threads:
        _judge(cases, list(threads.map(send, [local for _, local in cases])))
