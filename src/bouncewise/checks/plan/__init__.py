"""From a reply to the questions that would prove it."""
