"""Where a domain's mail goes, and whether the domain is there at all."""

from bouncewise.checks.mx.domains import check_recipient_domain, check_sender_domain
from bouncewise.checks.mx.hosts import check_mx
from bouncewise.checks.mx.servers import check_name_servers

__all__ = ["check_mx", "check_name_servers", "check_recipient_domain", "check_sender_domain"]
