"""Times as people write them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from common.errors import Invalid
from developer_node.front.since import since_ms

ZONE = timezone(timedelta(hours=2))
NOW = datetime(2026, 3, 3, 14, 5, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("45s", datetime(2026, 3, 3, 14, 4, 15, tzinfo=ZONE)),
        ("2h", datetime(2026, 3, 3, 12, 5, tzinfo=ZONE)),
        ("3d", datetime(2026, 2, 28, 14, 5, tzinfo=ZONE)),
        ("1w", datetime(2026, 2, 24, 14, 5, tzinfo=ZONE)),
        ("9:30", datetime(2026, 3, 3, 9, 30, tzinfo=ZONE)),
        ("14:05", datetime(2026, 3, 3, 14, 5, tzinfo=ZONE)),
        ("21:40", datetime(2026, 3, 2, 21, 40, tzinfo=ZONE)),
        ("21:40:07", datetime(2026, 3, 2, 21, 40, 7, tzinfo=ZONE)),
        ("today", datetime(2026, 3, 3, tzinfo=ZONE)),
        (" Yesterday ", datetime(2026, 3, 2, tzinfo=ZONE)),
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=ZONE)),
        ("2026-03-01T09:30", datetime(2026, 3, 1, 9, 30, tzinfo=ZONE)),
        ("2026-03-01T09:30Z", datetime(2026, 3, 1, 11, 30, tzinfo=ZONE)),
    ],
)
def test_a_time_without_a_zone_is_meant_where_the_person_is(text: str, meant: datetime) -> None:
    assert since_ms(text, NOW) == int(meant.timestamp() * 1000)


@pytest.mark.parametrize("text", ["soon", "", "2x", "24:10", "9:3", "2026-13-01", "-3d"])
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        since_ms(text, NOW)
    assert refused.value.field == "since" and "yesterday" in refused.value.hint
