"""Hyperscan lives beside other libraries in C++."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
from bouncewise.api import make_engine
engine = make_engine()
for number in range(20):
    engine.diagnose(f"550 no such user, attempt {chr(97 + number)}")
import pyarrow
print(pyarrow.array([1]).to_pylist())
"""


def test_pyarrow_can_be_loaded_after_hyperscan() -> None:
    """PyArrow ended the process where Hyperscan's extension had been loaded before it."""
    pytest.importorskip("pyarrow")
    pytest.importorskip("hyperscan")
    run = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout.strip()) == (0, "[1]"), run.stderr
