"""The SMTP dialogue without I/O: octets in, events and octets out."""
