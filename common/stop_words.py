"""Words that any question has, and that say nothing of what it asks for. Pure."""

from __future__ import annotations

_STOP = """
    a about after all also an and any are as at be because been before being but by can cannot
    could did do does doing done each find for from get give had has have how i if in into is it
    its just like me mean means more most my no not of on or our out over please shall she should
    show so some such tell than that the their them then there these they this those to under up
    us use used uses using very was we were what when where which while who whose why will with
    would you your
"""
STOP_WORDS = frozenset(_STOP.split())
