"""How long certificates have to be good for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.certificate_lines import DAY, YEAR, line
from underlay.checks.certificates import expiring

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("life", "left", "expected"),
    [
        (YEAR, 31 * DAY, None),
        (YEAR, 29 * DAY, "a.crt expires on 2026-06-30 00:00, in 29 days"),
        (YEAR, -DAY, "a.crt expired on 2026-05-31"),
        (10 * DAY, 2 * DAY, None),
        (10 * DAY, DAY / 2, "a.crt expires on 2026-06-01 12:00, in 0 days"),
    ],
)
def test_certificates_need_a_month_left_or_a_tenth_of_a_short_validity(
    life: timedelta, left: timedelta, expected: str | None
) -> None:
    assert expiring(NOW, line("a.crt", life=life, end=NOW + left)) == expected


def test_all_expiring_certificates_are_reported_at_once() -> None:
    output = "a.crt bm9uZQ==\nempty.conf \n" + line("b.crt", life=YEAR, end=NOW - DAY)
    assert expiring(NOW, output) == "a.crt is not a certificate; b.crt expired on 2026-05-31"


def test_a_node_without_certificates_fails() -> None:
    assert expiring(NOW, "") == "no certificate was found"
