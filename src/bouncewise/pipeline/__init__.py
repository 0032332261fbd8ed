"""Wires the stream: mailboxes and archives are opened, mails read, deliveries diagnosed, in order."""
