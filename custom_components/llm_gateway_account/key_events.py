"""What happened to the API keys of an account: found in its lists, told once."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from .events import (
    KEY_CREATED,
    KEY_EXPIRES_SOON,
    KEY_LOW,
    KEY_SWITCHED_OFF,
    KEY_SWITCHED_ON,
    KEY_USED_UP,
    AccountEvent,
)
from .gateway import ApiKey, KeyStatus
from .key_options import KeyOptions
from .spending.levels import MARGIN
from .stored_keys import StoredKeys, ToldKey
from .unit import Unit


def new_keys(
    stored: StoredKeys, keys: Mapping[int, ApiKey], labels: Mapping[int, str]
) -> Iterator[AccountEvent]:
    """Yield an event for each key that was made since the last list, and store that.

    Before the first list nobody knows which are new. A server may give the number of a
    deleted key to the next one, but not the time of its making.
    """
    newest_id, newest_time = stored.newest_id, stored.newest_time
    for key in sorted(keys.values(), key=lambda each: each.id):
        created = int(key.created_at.timestamp()) if key.created_at else 0
        if newest_id is not None and (key.id > newest_id or created > newest_time):
            yield AccountEvent(
                type=KEY_CREATED, attributes={"key": labels[key.id]}, key_id=key.id
            )
        stored.newest_id = max(stored.newest_id or 0, key.id)
        stored.newest_time = max(stored.newest_time, created)
    stored.newest_id = stored.newest_id or 0


def changes_of_keys(  # noqa: PLR0913, PLR0917
    stored: StoredKeys,
    keys: Mapping[int, ApiKey],
    labels: Mapping[int, str],
    options: KeyOptions,
    unit: Unit,
    now: datetime,
) -> Iterator[AccountEvent]:
    """Yield what happened to the shown keys since they were last looked at.

    Stores how they are now. A key that is looked at for the first time is as it is.
    """
    for key in keys.values():
        before = stored.told.get(key.id)
        after = stored.told[key.id] = _look_at(key, before, options, now)
        if before:
            for kind in _changes(before, after):
                attributes = {"key": labels[key.id]} | _details(kind, key, unit)
                yield AccountEvent(type=kind, attributes=attributes, key_id=key.id)


def _look_at(
    key: ApiKey, before: ToldKey | None, options: KeyOptions, now: datetime
) -> ToldKey:
    left, limit = key.remaining_quota, options.limit_of(key.id)
    if before and before.is_low:
        limit *= 1 + MARGIN / 100
    expires_soon = key.expires_at and key.expires_at - options.expiry <= now
    return ToldKey(
        status=key.status_at(now),
        is_low=left is not None and left < limit,
        expiry=int(key.expires_at.timestamp())
        if key.expires_at and expires_soon
        else 0,
    )


def _changes(before: ToldKey, after: ToldKey) -> Iterator[str]:
    was_off, is_off = (each.status is KeyStatus.DISABLED for each in (before, after))
    if was_off != is_off:
        yield KEY_SWITCHED_OFF if is_off else KEY_SWITCHED_ON
    if is_off:
        return
    if after.status is KeyStatus.USED_UP:
        if before.status is not KeyStatus.USED_UP:
            yield KEY_USED_UP
    elif after.is_low and not before.is_low:
        yield KEY_LOW
    if after.expiry and after.expiry != before.expiry:
        yield KEY_EXPIRES_SOON


def _details(kind: str, key: ApiKey, unit: Unit) -> dict[str, str | float]:
    if kind == KEY_LOW and key.remaining_quota is not None:
        return {"amount": unit.amount(key.remaining_quota), "currency": unit.currency}
    if kind == KEY_EXPIRES_SOON and key.expires_at:
        return {"expires_at": key.expires_at.isoformat()}
    return {}
