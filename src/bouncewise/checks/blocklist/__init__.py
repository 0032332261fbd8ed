"""Blocklists in DNS: what they answer, what that means, and whether they answer sensibly at all."""
