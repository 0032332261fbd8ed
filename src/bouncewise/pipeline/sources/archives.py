"""Give the members of zip and tar archives, one after the other."""

from __future__ import annotations

import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from typing import IO, Any, NamedTuple, cast

from bouncewise.pipeline.sources.model import Limits, SourceError, plain, size
from bouncewise.pipeline.sources.reader import BLOCK, READ_ERRORS, Budget, Reader

_MAX_NAME = 1 << 20  # octets; the headers that hold long names are read whole
_NAME_TYPES = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
_HELD = 8 << 20  # octets of an archive that are held in memory before it goes to a temporary file


class Member(NamedTuple):
    """One file of an archive; ``open`` may be called until the next member is asked for."""

    name: str
    open: Callable[[], Reader]


UNNAMED = "unnamed"


def zip_members(file: IO[bytes], limits: Limits, budget: Budget) -> Iterator[Member]:
    """The files of a zip archive, in the order of its directory.

    Args:
        file: can be sought in.
        limits: what a member may unpack to.
        budget: what all members may unpack to.

    Raises:
        SourceError: the archive or its directory is damaged.
    """
    try:
        archive = zipfile.ZipFile(file)
    except READ_ERRORS as error:
        raise SourceError(_broken("zip", error)) from error
    with archive:
        for info in archive.infolist():
            mode = info.external_attr >> 16
            # is_dir fails where a damaged directory leaves a name empty
            if not info.filename.endswith("/") and stat.S_IFMT(mode) in (0, stat.S_IFREG):
                yield Member(info.filename or UNNAMED, _zip_opener(archive, info, limits, budget))


def _zip_opener(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: Limits, budget: Budget
) -> Callable[[], Reader]:
    def opened() -> Reader:
        if info.flag_bits & 0x1:
            raise SourceError("this is encrypted; unpack the archive with its password and open the folder")
        try:
            file = archive.open(info)
        except NotImplementedError:
            words = f"this is packed in a way that is not known (method {info.compress_type})"
            raise SourceError(f"{words}; unpack the archive and open the folder") from None
        except READ_ERRORS as error:
            raise SourceError(_broken("zip", error)) from error
        member = Budget(limits.member, "this member of the archive")
        return Reader(cast(Any, file), "this member of the archive", (member, budget))

    return opened


class _Info(tarfile.TarInfo):
    """A tar header that does not let names fill the memory."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Info:
        """Read a header.

        Raises:
            ReadError: the name that follows it is too long.
        """
        info = super().frombuf(buf, encoding, errors)
        if info.type in _NAME_TYPES and not 0 <= info.size <= _MAX_NAME:
            raise tarfile.ReadError(f"a name of {size(abs(info.size))}")
        return info


def tar_members(reader: Reader) -> Iterator[Member]:
    """The files of a tar archive, as they come; links and devices are left out.

    Args:
        reader: stands at the beginning of the archive.

    Raises:
        SourceError: the archive is damaged or cut off.
    """
    try:
        archive = tarfile.open(fileobj=cast(Any, reader), mode="r|", tarinfo=_Info)  # noqa: SIM115
        with archive:
            while (info := archive.next()) is not None:
                # tarfile keeps every header for look-ups by name, which nobody makes here
                cast(Any, archive).members = []
                if info.isreg():
                    yield Member(info.name, _tar_opener(archive, info))
    except SourceError:
        raise
    except READ_ERRORS as error:
        raise SourceError(_broken("tar", error)) from error


def _tar_opener(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Callable[[], Reader]:
    def opened() -> Reader:
        if info.issparse():
            raise SourceError("this is a sparse file; unpack the archive and open the folder")
        try:
            file = archive.extractfile(info)
        except READ_ERRORS as error:
            raise SourceError(_broken("tar", error)) from error
        if file is None:
            raise SourceError("this is no file")
        return Reader(cast(Any, file), "this member of the archive")

    return opened


def spool(reader: Reader, limits: Limits) -> IO[bytes]:
    """Copy an archive that can't be sought in to a temporary file; the caller closes it.

    Raises:
        SourceError: it is larger than ``Limits.member``, or its source failed.
    """
    file = tempfile.SpooledTemporaryFile(max_size=_HELD)  # noqa: SIM115
    try:
        left = limits.member
        while block := reader.read1(BLOCK):
            left -= len(block)
            if left < 0:
                raise SourceError(f"this zip archive is larger than {size(limits.member)}; save it as a file")
            file.write(block)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _broken(kind: str, error: BaseException) -> str:
    if isinstance(error, EOFError):
        return f"the {kind} archive is cut off; what stands before was read. Fetch it again"
    return f"the {kind} archive is damaged ({plain(error)}); what stands before was read. Fetch it again"
