"""Does DNS bear a reply out? Evaluators that ask a resolver, and what they found in words and mends."""
