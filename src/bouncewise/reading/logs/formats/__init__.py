"""A file a program. What a file defines says what it reads (see ``docs/formats.md``):

``PROGRAMS``, ``recognise(message)``, ``Reader``
    lines. ``PROGRAMS`` are syslog tags, up to the first slash; ``recognise`` tells a line by itself.
``recognise_columns(columns)``, ``read_row(row, source)``
    tables: CSV, TSV, and W3C logs with their ``#Fields``. A class ``TableRows`` with ``read`` stands in for
    ``read_row`` where rows are joined.
``recognise_object(record)``, ``read_object(record, source)``
    JSON objects.
"""

ORDER = (
    "postfix",
    "exim",
    "sendmail",
    "opensmtpd",
    "qmail",
    "haraka",
    "exchange",
    "exchange_smtp",
    "exchange_agent",
    "iis_smtp",
    "powermta",
    "momentum",
    "mailenable",
    "hmailserver",
    "mdaemon",
    "kerio",
    "domino",
    "smartermail",
    "m365_trace",
    "kumomta",
    "stalwart",
    "mox",
    "zonemta",
    "rspamd",
    "maddy",
    "postal_log",
    "amavis",
    "dovecot",
    # one name a line
)
