"""What is known: causes, rules, providers, blocklists, remedies and sources, as data."""

from bouncewise.knowledge.load import SHIPPED, KnowledgeError, load
from bouncewise.knowledge.model import Cause, Knowledge, Rule

__all__ = ["SHIPPED", "Cause", "Knowledge", "KnowledgeError", "Rule", "load"]
