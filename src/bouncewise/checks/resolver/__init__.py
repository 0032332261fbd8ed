"""Who answers questions: the real DNS, and what stands before it (a cache, limits)."""
