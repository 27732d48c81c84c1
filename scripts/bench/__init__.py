"""The figures of docs/benchmarks.md: ratios from interleaved runs, never a timed test."""
