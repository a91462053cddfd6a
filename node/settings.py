"""Every setting of the node: its key, type, default, meaning and check."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from node.store.settings import SettingStore


class UnknownSetting(KeyError):
    """There is no setting of this key."""


class BadSetting(ValueError):
    """A value does not fit its setting; the text says what would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    key: str
    type: TypeAdapter[object]
    default: object
    description: str


SETTINGS: Mapping[str, Setting] = {}


class Settings:
    """The owner's choices over the defaults; secrets never live here."""

    @classmethod
    async def load(cls, store: SettingStore) -> "Settings":
        raise NotImplementedError

    def get(self, key: str) -> object:
        """Return the value in force; raise `UnknownSetting`."""
        raise NotImplementedError

    def all(self) -> dict[str, object]:
        raise NotImplementedError

    async def put(self, key: str, value: object) -> object:
        """Check, store and return a value; raise `UnknownSetting` or `BadSetting`."""
        raise NotImplementedError

    async def delete(self, key: str) -> object:
        """Go back to the default and return it."""
        raise NotImplementedError
