"""``read --check``: what DNS says to a stream of records, each distinct question asked once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import click
import msgspec

from bouncewise.checks.reply import Checked
from bouncewise.cli.dnsoptions import AskHow
from bouncewise.cli.safe import safe
from bouncewise.cli.verdicts import Verdicts, open_verdicts
from bouncewise.diagnosis.engine import Engine
from bouncewise.pipeline.run import Piece
from bouncewise.pipeline.sink import Row

TOGETHER = 64  # distinct questions that are asked at the same time
MAX_HELD = 2_000  # records that wait for them
MAX_SHOWN = 12  # questions in the summary
MAX_COUNTED = 10_000  # questions that are counted one by one
_encode = msgspec.json.Encoder().encode


class BorneOut:
    """Adds verdicts to records and counts them.

    Args:
        verdicts: asks DNS.
    """

    def __init__(self, verdicts: Verdicts) -> None:
        self._verdicts = verdicts
        self._words: Counter[str] = Counter()
        self._told: Counter[tuple[str, str, str]] = Counter()

    @property
    def failed(self) -> bool:
        """Whether a check has failed."""
        return self._verdicts.failed

    def through(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        """The same pieces, the records with a field ``check`` where DNS has something to say."""
        held: list[Piece] = []
        questions: set[object] = set()
        rows = 0
        for piece in pieces:
            held.append(piece)
            questions.update(row.question for row in piece.given if row.question is not None)
            rows += len(piece.given)
            if len(questions) >= TOGETHER or rows >= MAX_HELD:
                yield from self._answered(held)
                held, questions, rows = [], set(), 0
        yield from self._answered(held)

    def show(self) -> None:
        """Print on standard error what DNS said."""
        asked = self._verdicts.distinct
        if not asked:
            click.echo("DNS has nothing to say about these records", err=True)
            return
        click.echo(f"DNS, {asked:,} distinct question{'s' if asked > 1 else ''}", err=True)
        for word, count in self._words.most_common():
            click.echo(f"{count:>9,}  {word}", err=True)
        if self._verdicts.no_network:
            click.echo(self._verdicts.no_network, err=True)
        for (word, cause, says), count in self._told.most_common(MAX_SHOWN):
            click.echo(f"{count:>9,}  {word}: {cause}: {safe(says)[:200]}", err=True)

    def _answered(self, held: Sequence[Piece]) -> Iterator[Piece]:
        answers = iter(self._verdicts.of([row.question for piece in held for row in piece.given]))
        for piece in held:
            rows = [self._row(row, next(answers)) for row in piece.given]
            yield msgspec.structs.replace(piece, given=rows)

    def _row(self, row: Row, checked: Checked | None) -> Row:
        if checked is None:
            return row
        self._words[checked.verdict.word] += 1
        told = (checked.verdict.word.value, row.cause, checked.verdict.says)
        if told in self._told or len(self._told) < MAX_COUNTED:
            self._told[told] += 1
        if not row.line:
            return row
        line = row.line[:-1] + b',"check":' + _encode(checked.as_dict()) + b"}"
        return msgspec.structs.replace(row, line=line)


@contextmanager
def open_borne_out(engine: Engine, how: AskHow) -> Iterator[BorneOut]:
    """See ``open_verdicts``."""
    with open_verdicts(engine, how) as verdicts:
        yield BorneOut(verdicts)
