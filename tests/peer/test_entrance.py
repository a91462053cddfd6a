"""Places at the entrance of a door."""

from peer.entrance import Entrance


def entrance(most: int = 8, per_host: int = 4, max_bytes: int | None = None) -> Entrance:
    return Entrance(most=most, per_host=per_host, for_s=1.0, max_bytes=max_bytes)


def test_there_is_room_for_few_and_for_fewer_from_one_host() -> None:
    door = entrance(most=8, per_host=4)
    places = [door.enter(f"10.0.0.{number // 4}") for number in range(8)]
    assert all(places)
    assert door.enter("10.0.1.1") is None
    assert places[0]
    places[0].leave()
    assert door.enter("10.0.0.1") is None
    assert door.enter("10.0.1.1")


def test_a_place_that_is_left_twice_makes_room_for_one() -> None:
    door = entrance(per_host=2)
    first, _ = door.enter("host"), door.enter("host")
    assert first
    first.leave()
    first.leave()
    assert door.enter("host")
    assert door.enter("host") is None


def test_bytes_are_counted_until_the_place_is_left() -> None:
    stranger, friend = entrance(max_bytes=10).enter("host"), entrance(max_bytes=10).enter("host")
    assert stranger
    assert friend
    assert stranger.takes(10)
    assert not stranger.takes(1)
    friend.leave()
    assert friend.takes(11)


def test_a_door_without_a_bound_takes_whatever_comes() -> None:
    place = entrance().enter("host")
    assert place
    assert place.takes(1 << 30)
