r"""Envelopes that collectors, log services and command line tools put in front of a line.

Examples, all of one line that a program wrote::

    /var/log/mail.log:17:Nov 23 17:40:28 mail1 ...                     grep -Hn
    2026-11-23T17:40:28+01:00<TAB>mail.postfix<TAB>{"message":"..."}   Fluentd's out_file
    2026-11-23 17:40:28.794990000 +0100 mail.postfix: {"message":"..."}  Fluentd's out_stdout
    [0] mail: [[1795455628.794990000, {}], {"log"=>"..."}]             Fluent Bit's stdout; before 2.1 no {}
    mail: [1795455628.794990, {"log":"..."}]                           Fluent Bit's file
    2026-11-23T17:40:28.794990+00:00 mail/1 Nov 23 17:40:28 mail1 ...  aws logs tail
    EVENTS<TAB>1795455629000<TAB>...<TAB>1795455628000                 aws logs get-log-events
    7711561783320576<TAB>2026-11-23T17:40:28<TAB>...<TAB>postfix/smtp<TAB>...  Papertrail's archives
    2026-11-23 17:40:28<TAB>Mail.Info<TAB>192.0.2.7<TAB>postfix/smtp[123]: ...  Kiwi Syslog Server
    2026-11-23 17:40:28.794990+0100 0x1b2c  Default  0x0  450  0  smtp: (libsystem) ...  macOS
    2026-11-23 17:40:28.794 Df smtp[450:1b2c] ...                      macOS, log show --style compact
    2026-11-23_17:40:28.79499 ...                                      svlogd -tt
    postfix/smtp[123]: ...                                             no time: the collector has it

Sources: the manuals of the programs, Papertrail's archive format, GNU grep's ``--with-filename``.
"""

from __future__ import annotations

import re

from bouncewise.reading.logs.model import Line
from bouncewise.reading.logs.times import Clock, epoch, iso

_ISO = r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})? ?(?:Z|UTC|[+-]\d\d:?\d\d)?)"
_SYSLOG = r"(?=[A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d |\d{4}-\d\d-\d\d[T ]\d\d:|<\d{1,3}>)"
_GREP = re.compile(rf"(?:[\w./@+~-]{{1,255}}[:-](?:\d{{1,9}}[:-])?|\d{{1,9}}[:-]){_SYSLOG}", re.ASCII)
_TAIL = re.compile(rf"{_ISO}[ \t][^\s:]{{1,512}}[ \t]{_SYSLOG}", re.ASCII)
_FLUENTD = re.compile(rf"{_ISO}[ \t][\w.*/-]{{1,200}}(?:\t|: )(?=\{{\")", re.ASCII)
_FLUENT_BIT = re.compile(
    r"(?:\[\d{1,9}\] )?[\w.*/-]{1,255}: \[(\[)?(\d{9,11}\.\d{1,9}), (?(1)\{[^{}]{0,1000}\}\], )(?=\{\")",
    re.ASCII,
)
_ARROW = re.compile(r'(?<!\\)"=>')
_AWS = re.compile(r"EVENTS\t(?:\d{40,70}\t\d{13}\t[^\t]{1,512}|\d{13})\t", re.ASCII)
_PAPERTRAIL = re.compile(
    r"\d{5,25}\t(\d{4}-[^\t]{1,40})\t[^\t]{1,40}\t\d{1,20}\t([^\t]{1,255})\t[^\t]{0,60}\t\w{1,12}\t\w{1,12}"
    r"\t([^\t]{1,128})\t",
    re.ASCII,
)
_KIWI = re.compile(rf"{_ISO}\t\w{{2,10}}\.\w{{2,12}}\t([\w.:-]{{1,255}})\t", re.ASCII)
_MACOS = re.compile(
    rf"{_ISO} 0x[0-9a-f]{{1,16}}[ \t]{{1,20}}[A-Z]\w{{2,12}}[ \t]{{1,20}}0x[0-9a-f]{{1,16}}"
    r"[ \t]{1,20}(\d{1,10})[ \t]{1,20}\d{1,10}[ \t]{1,20}([\w./-]{1,128}): ",
    re.ASCII,
)
_COMPACT = re.compile(
    rf"{_ISO} [A-Z][a-z]? {{1,3}}([\w./-]{{1,128}})\[(\d{{1,10}}):[0-9a-f]{{1,16}}\] ", re.ASCII
)
_APPLES = re.compile(r"(?:\([^()]{1,128}\) )?(?:\[[\w.-]{1,128}:[\w. -]{0,128}\] )?", re.ASCII)
_SVLOGD = re.compile(r"(\d{4}-\d\d-\d\d)_(\d\d:\d\d:\d\d(?:\.\d{1,9})?):? ", re.ASCII)
_TAGGED = re.compile(r"(?:([\w.:-]{1,255}) )?([A-Za-z][\w./@+-]{0,127})\[(\d{1,10})\]: ", re.ASCII)


def grep(text: str, _clock: Clock) -> Line | None:
    """What was found in files has their names and the numbers of lines in front."""
    found = _GREP.match(text)
    return Line(text[found.end() :]) if found else None


def stream(text: str, _clock: Clock) -> Line | None:
    """The name of a stream stands between two times."""
    found = _TAIL.match(text)
    return Line(text[found.end() :], 0, iso(found[1])) if found else None


def record(text: str, _clock: Clock) -> Line | None:
    """A time and a tag in front of a JSON record, or what Fluent Bit shows of one."""
    found = _FLUENTD.match(text)
    if found is not None:
        return Line(text[found.end() :], 0, iso(found[1]))
    found = _FLUENT_BIT.match(text)
    if found is None:
        return None
    return Line(_ARROW.sub('": ', text[found.end() :].rstrip().removesuffix("]")), 0, epoch(found[2]))


def aws(text: str, _clock: Clock) -> Line | None:
    """``aws logs get-log-events --output text``; the time is the last column."""
    found = _AWS.match(text)
    if found is None:
        return None
    message, _, time = text[found.end() :].rpartition("\t")
    return Line(message, 0, epoch(time)) if time.isdigit() else None


def archive(text: str, _clock: Clock) -> Line | None:
    """Columns without names in a first row: Papertrail's and Kiwi's."""
    found = _PAPERTRAIL.match(text)
    if found is not None:
        program, _, pid = found[3].removesuffix("]").partition("[")
        return Line(text[found.end() :], 0, iso(found[1]), found[2], program, pid)
    found = _KIWI.match(text)
    return Line(text[found.end() :], 0, iso(found[1]), found[2]) if found else None


def macos(text: str, _clock: Clock) -> Line | None:
    """macOS's ``log show`` in its own two styles."""
    found = _MACOS.match(text)
    if found is not None:
        pid, program = found[2], found[3]
    else:
        found = _COMPACT.match(text)
        if found is None:
            return None
        program, pid = found[2], found[3]
    library = _APPLES.match(text, found.end())
    end = library.end() if library else found.end()
    return Line(text[end:], 0, iso(found[1]), "", program, pid)


def svlogd(text: str, _clock: Clock) -> Line | None:
    """runit's svlogd has an underscore in its times."""
    found = _SVLOGD.match(text)
    return Line(text[found.end() :], 0, iso(f"{found[1]}T{found[2]}")) if found else None


def tagged(text: str, _clock: Clock) -> Line | None:
    """A program and its process id, the time of which something around has."""
    found = _TAGGED.match(text)
    return Line(text[found.end() :], 0, "", found[1] or "", found[2], found[3]) if found else None


OPENERS = (grep, stream, record, aws, archive, macos, svlogd, tagged)
