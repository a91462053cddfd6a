from hypothesis import given
from hypothesis import strategies as st

from peer.limits import Pace, TokenBucket


def test_a_full_bucket_gives_a_minutes_worth_and_then_one_every_two_seconds() -> None:
    bucket = TokenBucket(30, now=0.0)
    for _ in range(30):
        assert bucket.wait_s(0.0) == 0
        bucket.take(0.0)
    assert bucket.wait_s(0.0) == 2.0
    assert bucket.wait_s(1.5) == 0.5
    assert bucket.wait_s(2.0) == 0


@given(st.lists(st.floats(0, 10), max_size=200), st.integers(1, 60))
def test_no_minute_gives_more_than_twice_the_rate(pauses: list[float], rate: int) -> None:
    bucket, now, taken = TokenBucket(rate, now=0.0), 0.0, []
    for pause in pauses:
        now += pause
        if bucket.wait_s(now) == 0:
            bucket.take(now)
            taken.append(now)
    for start in taken:
        assert sum(start <= at < start + 60 for at in taken) <= 2 * rate


def test_a_clock_that_steps_back_gives_nothing() -> None:
    bucket = TokenBucket(1, now=100.0)
    bucket.take(100.0)
    assert bucket.wait_s(0.0) == 60.0


def test_a_rate_of_nothing_never_gives() -> None:
    assert TokenBucket(0, now=0.0).wait_s(10**6) > 0


def test_what_comes_too_fast_waits_until_the_rate_is_kept_again() -> None:
    pace = Pace(10, burst_s=1)
    assert [pace.wait_s(1, now=5.0) for _ in range(10)] == [0.0] * 10
    assert round(pace.wait_s(1, now=5.0), 6) == 0.1
    assert round(pace.wait_s(5, now=5.1), 6) == 0.5
    assert pace.wait_s(1, now=60.0) == 0


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 65)), max_size=200))
def test_who_waits_as_it_is_told_never_passes_the_rate_by_more_than_the_burst(
    steps: list[tuple[float, int]],
) -> None:
    pace, now, done = Pace(100, burst_s=1), 0.0, 0
    for pause, cost in steps:
        now += pause
        done += cost
        now += pace.wait_s(cost, now)
        assert done <= 100 * (now + 1) + 0.001
