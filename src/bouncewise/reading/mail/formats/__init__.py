"""Bounce formats that are no delivery status notification, or one that says too little.

Each is a file with two functions: ``recognise(mail)`` tells whether a mail is of the format, cheaply and
by marks that no other bounce has; ``read(mail)`` gives what it tells of each recipient. They are asked
in the order below, if the mail is judged to be a bounce at all. Where none recognises a mail the
general reader takes it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module

from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

ORDER: tuple[str, ...] = (
    "listservers",
    "office365",
    "exchange2007",
    "exchange2003",
    "domino",
    "notes",
    "surfcontrol",
    "trendmicro",
    "groupwise",
    "firstclass",
    "mailscanner",
    "amazonses",
    "googlegroups",
    "gmail",
    "yahoo",
    "aol",
    "sendgrid",
    "sparkpost",
    "mailru",
    "gmx",
    "zoho",
    "postoffice",
    "ezweb",
    "biglobe",
    "verizon",
    "qq",
    "netease",
    "naver",
    "stalwart",
    "powermta",
    "haraka",
    "zonemta",
    "kumomta",
    "mimecast",
    "barracuda",
    "messagelabs",
    "mcafee",
    "mfilter",
    "ironport",
    "smartermail",
    "citadel",
    "gromox",
    "amavis",
    "mdaemon",
    "hmailserver",
    "communigate",
    "mailenable",
    "xmail",
    "zmailer",
    "smail",
    "technicaldetails",
    "activehunter",
    "imail",
    "james",
    "mail2000",
    "mailfoundry",
    "mailheaders",
    "mailmarshal",
    "messagingserver",
    "mirapoint",
    "mxlogic",
    "courier",
    "dragonfly",
    "opensmtpd",
    "exim",
    "sendmail",
    "qmail",
    "postfix",
)
# Told by marks that no person's mail has, though their mails do not look like bounces otherwise.
UNMISTAKABLE = frozenset({"amazonses", "listservers"})
Format = tuple[str, Callable[[Mail], bool], Callable[[Mail], list[Told]]]


@cache
def formats(*, bounce: bool = True) -> tuple[Format, ...]:
    """The formats with their functions, imported when the first mail needs them.

    Args:
        bounce: whether a mail is judged to be a bounce; else only the unmistakable ones are asked.
    """
    names = (name for name in ORDER if bounce or name in UNMISTAKABLE)
    modules = ((name, import_module(f"bouncewise.reading.mail.formats.{name}")) for name in names)
    return tuple((name, module.recognise, module.read) for name, module in modules)
