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

# The syslog tags of ``PROGRAMS``, kept here as well, so that a log loads no format that it does not need
TAGS = {
    "postfix": "postfix",
    "exim": "exim",
    "exim4": "exim",
    "haraka": "haraka",
    "mdaemon": "mdaemon",
    "ecelerity": "momentum",
    "opensmtpd": "opensmtpd",
    "stalwart": "stalwart",
    "stalwart-mail": "stalwart",
    "stalwart-smtp": "stalwart",
    "mox": "mox",
    "maddy": "maddy",
    "zone-mta": "zonemta",
    "zonemta": "zonemta",
    "postal": "postal_log",
    "postal-worker": "postal_log",
    "rspamd": "rspamd",
    "rspamd_proxy": "rspamd",
    "amavis": "amavis",
    "amavisd": "amavis",
    "amavisd-new": "amavis",
    "dovecot": "dovecot",
    "pmta": "powermta",
    "pmtad": "powermta",
    **dict.fromkeys(
        (
            "qmail",
            "qmail-send",
            "qmail-smtpd",
            "splogger",
            "rblsmtpd",
            "tcpserver",
            "sslserver",
            "simscan",
            "chkuser",
            "spamdyke",
        ),
        "qmail",
    ),
    **dict.fromkeys(
        ("sendmail", "sm-mta", "sm-msp-queue", "sm-client", "sm-msp", "sm-que", "sendmail-client"), "sendmail"
    ),
}
# Programs that stand in mail logs and send no mail: their lines are not tried by every format
FOREIGN = frozenset(
    (
        *("anacron", "auditd", "clamd", "clamav-milter", "cron", "crond", "fail2ban", "freshclam"),
        *("imap-login", "imapd", "kernel", "named", "opendkim", "opendmarc", "policyd-spf", "pop3d"),
        *("postgrey", "rsyslogd", "saslauthd", "spamd", "spampd", "sshd", "su", "sudo", "systemd"),
    )
)
