"""Walk directories: Maildir, MH folders and any others; and tell formats by names.

Sources: qmail's maildir(5), Maildir++ (folders are hidden directories), RAND MH (files with
number names).
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from bouncewise.pipeline.sources.model import Event, Unreadable, plain, shown
from bouncewise.pipeline.sources.rotated import turn_of

_INDEXES = re.compile(
    r"dovecot[.-].*|dovecot|maildirfolder|maildirsize|subscriptions|courier.*|.*\.(?:msf|lock)|"
    r"__MACOSX|Thumbs\.db|desktop\.ini",
    re.IGNORECASE,
)
_HIDDEN = (".", ",", "#")  # MH marks removed mails with "," or "#"
_IN_DELIVERY = re.compile(r"\d+\..+")


def mail_format(name: str) -> str:
    """The format of a single mail by where it lies: ``maildir``, ``mh`` or ``eml``.

    Args:
        name: a path or the name of an archive's member.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    if path.parent.name in ("cur", "new"):
        return "maildir"
    return "mh" if re.fullmatch(r"[0-9]+", path.name) else "eml"


def is_skipped(name: str) -> bool:
    """Whether a member of an archive holds no mail: hidden, an index, or still in delivery."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts:
        return True
    if len(parts) > 1 and parts[-2] == "tmp" and _IN_DELIVERY.fullmatch(parts[-1]):
        return True
    in_maildir = len(parts) > 1 and parts[-2] in ("cur", "new")
    folders = (p for p in parts[:-1] if p not in (".", "..") and not (in_maildir and p.startswith(".")))
    return _no_mail(parts[-1]) or any(_no_mail(folder) for folder in folders)


def walk(root: str) -> Iterator[str | Event]:
    """The files below a directory, in order, and what of it can't be read.

    Directories are entered once, so that links in a ring end. Hidden files, the indexes of mail
    servers and pipes are left out; of a Maildir only ``cur`` and ``new`` and its folders are
    entered, not ``tmp``.

    Args:
        root: the directory.
    """
    seen: set[tuple[int, int]] = set()
    waiting: list[str] = [root]
    while waiting:
        folder = waiting.pop()
        try:
            about = Path(folder).stat()
            if (about.st_dev, about.st_ino) in seen:
                continue
            seen.add((about.st_dev, about.st_ino))
            names = [entry.name for entry in Path(folder).iterdir()]
        except OSError as error:
            yield Unreadable(shown(folder), f"the directory can't be read: {plain(error)}")
            continue
        folders: list[str] = []
        for name in _chosen(folder, names):
            path = str(Path(folder, name))
            kind = _kind(path)
            if isinstance(kind, Unreadable):
                yield kind
            elif kind == "folder":
                folders.append(path)
            elif kind == "file":
                yield path
        waiting.extend(reversed(folders))


def _kind(path: str) -> str | Unreadable:
    """``folder``, ``file``, nothing for a pipe, or what is wrong with it."""
    try:
        mode = Path(path).stat().st_mode
    except OSError as error:
        return Unreadable(shown(path), f"this can't be read: {plain(error)}")
    if stat.S_ISDIR(mode):
        return "folder"
    if stat.S_ISREG(mode):
        return "file"
    return "" if stat.S_ISFIFO(mode) else Unreadable(shown(path), no_file(mode))


def no_file(mode: int) -> str:
    """Why what is neither file, directory nor pipe is not opened."""
    what = "a socket" if stat.S_ISSOCK(mode) else "a device"
    return (
        f"this is {what}, which holds no mails and no log; name a file, a directory or - for standard input"
    )


def _no_mail(name: str) -> bool:
    return name.startswith(_HIDDEN) or _INDEXES.fullmatch(name) is not None


def _chosen(folder: str, names: list[str]) -> list[str]:
    """The names of a directory that may hold mails; numbers by value, the others by name behind them."""
    maildir = _is_maildir(Path(folder))
    kept = []
    for name in names:
        if maildir and name == "tmp":
            continue
        if not _no_mail(name) or (maildir and name.startswith(".") and _is_maildir(Path(folder, name))):
            kept.append(name)
    return sorted(kept, key=_order)


def _is_maildir(folder: Path) -> bool:
    return (folder / "cur").is_dir() or (folder / "new").is_dir()


def _order(name: str) -> tuple[int, int, str, tuple[int, int, str], str]:
    """Numbers by their value (MH), rotated logs by their time, others by name."""
    if re.fullmatch(r"[0-9]{1,4000}", name):
        return (0, len(name.lstrip("0")), name.lstrip("0"), (0, 0, ""), name)
    turn = turn_of(name)
    return (1, 0, turn.stem, turn.order, name)
