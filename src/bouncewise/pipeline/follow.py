"""Follow a log that grows, also when it is rotated: the rest of the old file is read before the new one.

Source: what ``tail -F`` does; logrotate(8) renames or, with ``copytruncate``, cuts the file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

BLOCK = 1 << 20


def follow(path: str, pause: Callable[[], bool]) -> Iterator[bytes]:
    """The octets of a log, as they come; an empty piece each time there are none for now.

    Args:
        path: the file. It may be missing for a while when it is rotated.
        pause: waits a little; False ends.

    Raises:
        OSError: the file can't be opened at the start.
    """
    file: BinaryIO | None = Path(path).open("rb", buffering=0)  # noqa: SIM115 - closed below, and opened anew
    try:
        while True:
            block = file.read(BLOCK) if file is not None else b""
            if block:
                yield block
                continue
            fresh = _rotated(path, file)
            if fresh is not None:
                # what was written between the last look and the rotation
                while file is not None and (rest := file.read(BLOCK)):
                    yield rest
                if file is not None:
                    file.close()
                file = fresh
                continue
            if file is not None and _cut(file):
                file.seek(0)
                continue
            yield b""
            if not pause():
                return
    finally:
        if file is not None:
            file.close()


def _rotated(path: str, file: BinaryIO | None) -> BinaryIO | None:
    """The file that stands in the place of the one that is read, where there is another."""
    try:
        about = Path(path).stat()
        if not stat.S_ISREG(about.st_mode):
            return None
        if file is not None:
            mine = os.fstat(file.fileno())
            if (mine.st_dev, mine.st_ino) == (about.st_dev, about.st_ino):
                return None
        return Path(path).open("rb", buffering=0)
    except OSError:
        return None  # between the renaming and the new file


def _cut(file: BinaryIO) -> bool:
    """Whether the file is shorter now than what was read of it."""
    try:
        return os.fstat(file.fileno()).st_size < file.tell()
    except OSError:
        return False
