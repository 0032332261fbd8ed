"""What the great mailbox providers ask of senders."""
