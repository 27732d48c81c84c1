"""A small task in the shape that HumanEval publishes them, so that nothing is fetched."""

from __future__ import annotations

import json

from scripts.bench.material.human_eval import Task, task_of

_PROMPT = '''

def total(numbers):
    """ The sum of those that are not too large.
    >>> total([1, 2])
    3
    """
'''
_SOLUTION = """    found = 0
    for n in numbers:
        if n <= LARGE:
            found += n
    return found
"""
_TEST = """

METADATA = {
    'author': 'jt',
    'dataset': 'test'
}


def check(candidate):
    assert candidate([1, 2]) == 3
    assert candidate([1, LARGE + 1]) == 1
"""
LINE = json.dumps(
    {
        "task_id": "HumanEval/7",
        "entry_point": "total",
        "prompt": _PROMPT,
        "canonical_solution": _SOLUTION + "\n\nLARGE = 100\n",
        "test": _TEST,
    }
)


def puzzle() -> Task:
    """With a helper that its check uses."""
    return task_of(LINE)
