"""Words by BM25: split identifiers, an index on the RAM disk, and the tail that it lacks."""
