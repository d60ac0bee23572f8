"""What the entities of budgets have in common: they come and go with the options."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.const import Platform
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .budgets import BudgetFigures, Period
from .const import DOMAIN
from .coordinator import AccountCoordinator
from .data import AccountConfigEntry
from .entity import AccountEntity

# What their keys and names begin with.
ADJECTIVES = {Period.DAY: "daily", Period.MONTH: "monthly"}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BudgetEntityDescription(EntityDescription):
    """A description of an entity of a budget."""

    period: Period
    value_fn: Callable[[BudgetFigures], Any]


class BudgetEntity(AccountEntity):
    """An entity that shows a figure of a budget."""

    entity_description: BudgetEntityDescription

    @property
    def figures(self) -> BudgetFigures:
        """The figures of the budget, which is set as long as the entry is loaded."""
        return self.coordinator.data.budgets[self.entity_description.period]

    @property
    @override
    def shown(self) -> tuple[Any, ...]:
        """What its state is made of."""
        return (self.figures,)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, str] | None:
        """Return why there is no value yet."""
        if self.entity_description.value_fn(self.figures) is not None:
            return None
        if self.figures.spent is None:
            return {"reason": "no_records_of_before"}
        return {"reason": "no_habit_yet"}


@callback
def async_add_budget_entities[DescriptionT: BudgetEntityDescription](
    entry: AccountConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    platform: Platform,
    descriptions: Iterable[DescriptionT],
    create: Callable[[AccountCoordinator, DescriptionT], Entity],
) -> None:
    """Add the entities of the budgets that are set, and remove those of the others."""
    coordinator = entry.runtime_data.account
    registry = er.async_get(coordinator.hass)
    for description in descriptions:
        if description.period in coordinator.budgets.by_period:
            async_add_entities([create(coordinator, description)])
        elif entity_id := registry.async_get_entity_id(
            platform, DOMAIN, f"{entry.entry_id}_{description.key}"
        ):
            registry.async_remove(entity_id)
