"""From bytes to deliveries: what happened to which recipient, in the words it was told in."""

from bouncewise.reading.delivery import Delivery, Kind, Returned, Source
from bouncewise.reading.mail import read_mail

__all__ = ["Delivery", "Kind", "Returned", "Source", "read_mail"]
