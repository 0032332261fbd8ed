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
from tests.sandbox.circle import Case, cases, closes

from bouncewise.api import default_engine
from bouncewise.sandbox.run import Sandbox

NODE_MODULES = Path("/usr/share/nodejs")
NODE = shutil.which("node")
SWAKS = shutil.which("swaks")

SENDS = """
const nodemailer = require('nodemailer');
const [host, port, cases] = [process.argv[2], Number(process.argv[3]), JSON.parse(require('fs').readFileSync(0))];
(async () => {
  for (const [, from, to] of cases) {
    const transport = nodemailer.createTransport({host, port, ignoreTLS: true, name: 'c.example.com'});
    try {
      await transport.sendMail({from, to, subject: 'x', text: 'hi'});
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


@pytest.mark.skipif(
    NODE is None or not (NODE_MODULES / "nodemailer").is_dir(),
    reason="nodemailer is missing (node-nodemailer)",
)
def test_what_nodemailer_reports(sandbox: Sandbox) -> None:
    asked = cases(sandbox)
    assert NODE
    ran = subprocess.run(
        [NODE, "-e", SENDS, "-", sandbox.host, str(sandbox.port)],
        input=json.dumps(asked),
        env=os.environ | {"NODE_PATH": str(NODE_MODULES)},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    closes(asked, [json.loads(line) for line in ran.stdout.splitlines()])


@pytest.mark.skipif(SWAKS is None, reason="swaks is missing")
def test_what_swaks_reports(sandbox: Sandbox) -> None:
    assert SWAKS
    asked = cases(sandbox)

    def send(case: Case) -> str:
        command = [SWAKS, "--server", f"{sandbox.host}:{sandbox.port}", "--helo", "c.example.com",
                   "--from", case.sender, "--to", case.recipient, "--body", "hi"]  # fmt: skip
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return ran.stdout + ran.stderr if ran.returncode else ""

    with ThreadPoolExecutor(4) as threads:
        closes(asked, list(threads.map(send, asked)))
