"""When entities are added: at once, or as soon as a gateway tells of them."""

from collections.abc import Callable, Iterable
from typing import Any

from homeassistant.const import Platform
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .const import DOMAIN
from .coordinator import AccountCoordinator
from .entity import AccountEntityDescription


@callback
def async_add_when_there(  # noqa: PLR0913, PLR0917
    coordinator: DataUpdateCoordinator[Any],
    async_add_entities: AddConfigEntryEntitiesCallback,
    platform: Platform,
    description: EntityDescription,
    create: Callable[[], Entity],
    is_there: Callable[[], bool],
) -> None:
    """Add an entity as soon as the gateway has it, or at once if it had it before."""
    entry, registry = coordinator.config_entry, er.async_get(coordinator.hass)
    assert entry  # noqa: S101 # a coordinator of ours has one
    unique_id = f"{entry.entry_id}_{description.key}"
    if is_there() or registry.async_get_entity_id(platform, DOMAIN, unique_id):
        async_add_entities([create()])
        return
    waiting = [create]

    @callback
    def add() -> None:
        if waiting and is_there():
            async_add_entities([waiting.pop()()])

    entry.async_on_unload(coordinator.async_add_listener(add))


@callback
def async_add_account_entities[DescriptionT: AccountEntityDescription](
    coordinator: AccountCoordinator,
    async_add_entities: AddConfigEntryEntitiesCallback,
    platform: Platform,
    descriptions: Iterable[DescriptionT],
    create: Callable[[AccountCoordinator, DescriptionT], Entity],
) -> None:
    """Add an entity for each field that the gateway has, at once or when it comes.

    A field that was there once keeps its entity, which then reads unknown.
    """
    entry = coordinator.config_entry
    registry = er.async_get(coordinator.hass)
    missing = {description.key: description for description in descriptions}

    @callback
    def add_present() -> None:
        present = [
            description
            for key, description in missing.items()
            if description.exists(coordinator.data)
            or registry.async_get_entity_id(platform, DOMAIN, f"{entry.entry_id}_{key}")
        ]
        for description in present:
            del missing[description.key]
        async_add_entities([create(coordinator, each) for each in present])

    add_present()
    if missing:
        entry.async_on_unload(coordinator.async_add_listener(add_present))
