"""An SMTP server that gives every reply, to test software that sends mail."""
