"""Several replies at once: a line each, and at the end what they come down to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain

from bouncewise.cli.person import WIDTH
from bouncewise.cli.progress import counted
from bouncewise.cli.safe import safe
from bouncewise.cli.show import Part, show
from bouncewise.diagnosis.diagnosis import Diagnosis
from bouncewise.diagnosis.engine import Engine
from bouncewise.pipeline.pasted import Piece
from bouncewise.reply.model import Context

MAX_SHOWN = 200
_STYLE = {"deliver": "green", "continue": "green", "retry": "yellow", "bounce": "red", "none": "cyan"}


def show_many(engine: Engine, first: list[Piece], rest: Iterable[Piece], given: Context) -> None:
    """Show a line for each reply, at most 200, and a summary of all.

    Args:
        engine: the engine.
        first: the pieces that were read already.
        rest: the pieces to come.
        given: the context that the command line gave.
    """
    causes: Counter[str] = Counter()
    actions: Counter[str] = Counter()
    total = 0
    for piece in counted(chain(first, rest), "replies"):
        diagnosis = engine.diagnose(piece.text, given)
        total += 1
        causes[diagnosis.cause] += 1
        actions[diagnosis.action] += 1
        if total <= MAX_SHOWN:
            show([_line(diagnosis, piece)])
    show(_summary(engine, causes, actions, total))


def _line(diagnosis: Diagnosis, piece: Piece) -> list[Part]:
    reply = diagnosis.reply
    head = " ".join(str(p) for p in (reply.code, reply.enhanced) if p is not None)
    room = WIDTH - 48
    words = safe(f"{head} {reply.text}".strip())
    shown = words if len(words) <= room else words[: room - 1] + "…"
    action = diagnosis.action
    return [
        (f"{piece.line:>6}  ", "dim"),
        (f"{action:<8} ", _STYLE[action]),
        (f"{diagnosis.cause:<27} ", "bold"),
        (shown, ""),
    ]


def _summary(engine: Engine, causes: Counter[str], actions: Counter[str], total: int) -> Iterator[list[Part]]:
    if total > MAX_SHOWN:
        yield [(f"        … and {total - MAX_SHOWN:,} more", "dim")]
    yield []
    yield [(f"{total:,} replies: ", "bold"), (", ".join(f"{n:,} {a}" for a, n in actions.most_common()), "")]
    for cause, count in causes.most_common(10):
        yield [(f"{count:>8,}  ", ""), (f"{cause:<27} ", "bold"), (engine.knowledge.causes[cause].title, "")]
    if len(causes) > 10:
        yield [(f"          … and {len(causes) - 10} more causes", "dim")]
