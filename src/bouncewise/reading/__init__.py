"""From bytes to deliveries: what happened to which recipient, in the words it was told in."""
