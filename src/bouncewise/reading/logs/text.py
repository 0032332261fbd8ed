"""Octets of a log as lines, in bounded memory, whatever their encoding."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain

from bouncewise.reply.parse import decode

MAX_LINE = 65_536  # octets of a line that are kept
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def lines_of(blocks: Iterable[bytes], longest: int = MAX_LINE) -> Iterator[list[str]]:
    """The lines of a log, a list for each block, without their ends.

    Args:
        blocks: the log, cut anywhere.
        longest: octets of a line that are kept; what is behind them is left out.
    """
    for text in texts_of(blocks, longest):
        yield text.split("\n")


def texts_of(blocks: Iterable[bytes], longest: int = MAX_LINE) -> Iterator[str]:
    """The lines of a log, those of a block in one text, with line feeds between them and none at the end.

    Octets that are no UTF-8 cost only their own line: it is taken for Windows-1252.

    Args:
        blocks: the log, cut anywhere.
        longest: octets of a line that are kept; what is behind them is left out.
    """
    parts: list[bytes] = []  # of a line whose end has not come yet
    held = 0
    skipping = False  # behind the kept part of a line that is too long
    for block in _as_utf8(blocks):
        if b"\n" not in block:
            if not skipping:
                parts.append(block)
                held += len(block)
                if held > longest:
                    yield decode(b"".join(parts)[:longest])
                    parts, held, skipping = [], 0, True
            continue
        whole, _, tail = block.rpartition(b"\n")
        if skipping:
            _, ended, whole = whole.partition(b"\n")
            skipping = False
            if ended:
                yield _text(whole, longest)
        else:
            yield _text(b"".join((*parts, whole)) if parts else whole, longest)
        parts, held = [tail] if tail else [], len(tail)
    if held:
        yield _text(b"".join(parts), longest)


def _text(data: bytes, longest: int) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return "\n".join(decode(line.removesuffix(b"\r")[:longest]) for line in data.split(b"\n"))
    if "\r" in text:
        text = text.replace("\r\n", "\n").removesuffix("\r")
    return text


def _as_utf8(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The blocks without a byte order mark; UTF-16, which Windows writes, made UTF-8."""
    blocks = iter(blocks)
    first = next(blocks, b"")
    charset = _UTF16.get(first[:2])
    if charset is None:
        yield from chain((first.removeprefix(codecs.BOM_UTF8),), blocks)
        return
    decoder = codecs.getincrementaldecoder(charset)("replace")
    for block in chain((first[2:],), blocks):
        yield decoder.decode(block).encode("utf-8", "replace")
