"""What stands round a line of a program: syslog of all kinds, journals, containers."""
