"""Every sample log and webhook beside what is read of it; samples are written in each one's manner for these tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bouncewise.diagnosis.record import without_empty
from bouncewise.reading.delivery import Delivery
from bouncewise.reading.logs.log import Log, read_log
from bouncewise.reading.logs.registry import names

HERE = Path(__file__).parent
SAMPLES = (HERE / "samples", HERE.parent / "webhooks" / "samples")
WRITTEN = (2026, 11, 24)
LOGS = sorted(
    path
    for folder in SAMPLES
    for path in folder.iterdir()
    if path.suffix not in (".jsonl", ".new") or ".expected" not in path.name
)


def told(delivery: Delivery) -> dict[str, Any]:
    """What a delivery says, as the golden files have it."""
    fields = msgspec.structs.asdict(delivery)
    for name in ("context", "source", "reply", "wrapper"):
        fields.pop(name)
    reply = delivery.reply
    if delivery.returned is not None:
        fields["returned"] = without_empty(msgspec.structs.asdict(delivery.returned))
    fields["sender"] = "<>" if delivery.sender == "" else delivery.sender
    return without_empty(
        {
            "line": delivery.source.line,
            "format": delivery.source.format,
            "code": reply.code,
            "enhanced": str(reply.enhanced or ""),
            "text": reply.text,
            **{k: str(v) if k in ("kind", "phase") and v is not None else v for k, v in fields.items()},
        }
    )


@pytest.mark.parametrize("path", LOGS, ids=lambda p: p.name)
def test_a_sample_gives_its_records(path: Path) -> None:
    records = [json.dumps(told(d), ensure_ascii=False) for d in read_log(path.read_bytes(), WRITTEN)]
    golden = path.with_name(path.name + ".expected.jsonl")
    known = golden.read_text("utf-8").splitlines() if golden.exists() else []
    if records != known:
        golden.with_suffix(".new").write_text("".join(f"{r}\n" for r in records), "utf-8")
    assert records == known, "read the .new file beside the golden one, and rename it when it is right"


@pytest.mark.parametrize("path", LOGS, ids=lambda p: p.name)
def test_line_ends_and_cuts_change_nothing(path: Path) -> None:
    data = path.read_bytes()
    want = [told(d) for d in read_log(data, WRITTEN)]
    assert [told(d) for d in read_log(data.replace(b"\n", b"\r\n"), WRITTEN)] == want
    pieces = [data[at : at + 7] for at in range(0, len(data), 7)]
    assert [told(d) for d in Log(written=WRITTEN).read(pieces)] == want


def test_every_format_has_a_sample() -> None:
    missing = [name for name in names() if not any(p.name.startswith(name) for p in LOGS)]
    assert not missing
