"""How far each mailbox has been read, kept in a file from one run to the next."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

EVERY = 1000  # mails after which the file is written


class ResumePoints:
    """Where to go on in each mailbox.

    Args:
        path: the file; it need not exist yet. None keeps nothing.
        at_end: write it only when ``save`` is called, since what is read is not written before.

    Raises:
        click.ClickException: the file can't be used.
    """

    def __init__(self, path: Path | None, *, at_end: bool = False) -> None:
        self._path = path
        self._at_end = at_end
        self._points: dict[str, int] = {}
        self._since = 0
        if path is None or not path.exists():
            return
        try:
            self._points = msgspec.json.decode(path.read_bytes(), type=dict[str, int])
        except (OSError, msgspec.MsgspecError) as error:
            raise click.ClickException(
                f"{path}: no file of resume points ({error}); name another one, or delete it to begin anew"
            ) from None

    def known(self) -> dict[str, int]:
        """The points, by mailbox."""
        return dict(self._points)

    def passed(self, key: str, place: int | None) -> None:
        """Keep that a mailbox is read up to a place."""
        if self._path is None or not key or place is None:
            return
        self._points[key] = place
        self._since += 1
        if self._since >= EVERY and not self._at_end:
            self.save()

    def forget(self) -> None:
        """Leave the file as it is from now on."""
        self._path = None

    def save(self) -> None:
        """Write the file, whole or not at all.

        Raises:
            click.ClickException: it can't be written.
        """
        if self._path is None:
            return
        self._since = 0
        beside = self._path.with_name(self._path.name + ".part")
        try:
            beside.write_bytes(msgspec.json.format(msgspec.json.encode(self._points), indent=1))
            beside.replace(self._path)
        except OSError as error:
            raise click.ClickException(f"{self._path}: can't be written: {error.strerror}") from None
