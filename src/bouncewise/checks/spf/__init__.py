"""SPF: may this address send for this domain, and is the record sound? (RFC 7208)"""

from bouncewise.checks.spf.check import check_spf
from bouncewise.checks.spf.evaluate import evaluate
from bouncewise.checks.spf.result import SpfQuery, SpfResult, Verdict
from bouncewise.checks.spf.review import Review, review

__all__ = ["Review", "SpfQuery", "SpfResult", "Verdict", "check_spf", "evaluate", "review"]
