"""The stream: open what mails come in, read, diagnose, in order."""
