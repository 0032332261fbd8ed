"""DKIM: keys, and the signatures of a message, each failure with its own reason."""
