"""MDaemon (Alt-N): notices with the transcript of the session.

::

    The attached message had PERMANENT fatal delivery errors!
    ...
    YOUR MESSAGE WAS NOT DELIVERED TO ONE OR MORE RECIPIENTS!

    Failed address: bob@example.com

    --- Session Transcript ---
     Mon 2010-05-03 10:11:12: Attempting SMTP connection to [192.0.2.1:25]
     Mon 2010-05-03 10:11:13: --> RCPT To:<bob@example.com>
     Mon 2010-05-03 10:11:14: <-- 550 5.1.1 no such user
    --- End Transcript ---

Recognised by the transcript's first line, or one of the sentences in capitals. Warnings have "TRANSIENT" in
place of "PERMANENT fatal". Without "Failed address:" the recipients are those of the transcript: refused
ones, else all. Source: MDaemon, \\App\\DELERR.DAT and DELWARN.DAT; manual, "DSN Settings".
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

MAX_LINES = 10_000
_FAILED = re.compile(rf"[ \t]{{0,8}}Failed address(?:es)?:[ \t]{{0,8}}<?({ADDRESS})", re.I)
_LINE = re.compile(
    r"[ \t]{0,4}(?:\w{3} )?(?:\d{4}-\d\d-\d\d )?(?:\d\d:\d\d:\d\d(?:\.\d{1,6})?: )?(?:\[[\d:]{1,20}\] )?"
    r"(?P<sign><--|-->|\* )[ \t]{0,4}(?P<rest>.{0,2000})$"
)
_RCPT = re.compile(rf"RCPT TO:\s?<?({ADDRESS})", re.I)
_PEER = re.compile(r"Attempting SMTP connection to \[?([\w.-]{1,253})")


def recognise(mail: Mail) -> bool:
    """Whether MDaemon wrote it."""
    text = mail.notice[:8192]
    return (
        "--- Session Transcript ---" in text
        or "had PERMANENT fatal delivery errors" in text
        or ("YOUR MESSAGE WAS NOT DELIVERED" in text and "Failed address" in text)
        or ("x-mdaemon-deliver-to" in mail.headers and "Failed address" in text)
    )


def read(mail: Mail) -> list[Told]:
    """The failed addresses, each with what the transcript says of it."""
    lines = mail.lines[:MAX_LINES]
    failed = [clean_address(m[1]) for line in lines if (m := _FAILED.match(line[:400]))]
    said, rest = _transcript(lines)
    text = mail.notice[:4096]
    delayed = "TRANSIENT" in text and "PERMANENT" not in text
    names = failed or [one for one, words in said.items() if words] or list(said)
    peer = _PEER.findall(mail.notice)
    by_small = {name.lower(): words for name, words in said.items()}
    return [
        Told(
            recipient=name,
            words=by_small.get(name.lower(), "") or rest,
            action="delayed" if delayed else "failed",
            remote=peer[-1] if peer else "",
        )
        for name in dict.fromkeys(names)
    ]


def _transcript(lines: list[str]) -> tuple[dict[str, str], str]:
    """What was refused: for each RCPT its words, and those of the rest of the session."""
    said: dict[str, str] = {}
    command, rest, aside = "", "", ""
    for line in lines:
        match = _LINE.match(line[:2200])
        if match is None:
            continue
        words = match["rest"]
        rcpt = _RCPT.match(command)
        if match["sign"] == "-->":
            command = words
            named = _RCPT.match(words)
            if named:
                said.setdefault(named[1], "")
        elif match["sign"] == "* ":
            aside = words.strip() or aside
        elif words[:1] in ("4", "5"):
            reply = f">>> {command[:400]}\n<<< {words}" if command else words
            if rcpt and not said.get(rcpt[1]):
                said[rcpt[1]] = reply
            elif not rcpt and not command.upper().startswith(("QUIT", "RSET")):
                rest = reply
    return said, rest or aside
