"""An object as a key of what was worked out from it: JSON schemas have no hash of their own."""

from tools.spec import JsonObject


class Same:
    """Equal only to another key of the very same object, which it keeps alive."""

    __slots__ = ("value",)

    def __init__(self, value: JsonObject) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.value is self.value
