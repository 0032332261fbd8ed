"""What a domain says of TLS: MTA-STS, TLS-RPT, DANE."""

from bouncewise.checks.tls.dane import check_dane, check_tls
from bouncewise.checks.tls.mtasts import check_mta_sts
from bouncewise.checks.tls.tlsrpt import check_tls_rpt

__all__ = ["check_dane", "check_mta_sts", "check_tls", "check_tls_rpt"]
