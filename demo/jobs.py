"""The works that the sample quotes are about, section by section."""

from __future__ import annotations

from demo import catalogue
from demo.catalogue import Item, PricedPart

HEAT_PUMP = (
    PricedPart("Dépose", (Item(catalogue.REMOVAL),)),
    PricedPart(
        "Fourniture et pose",
        (
            Item(catalogue.HEAT_PUMP_8, discount="5"),
            Item(catalogue.BUFFER),
            Item(catalogue.PIPES, "14"),
            Item(catalogue.POWER_LINE),
            Item(catalogue.LABOUR_REDUCED, "24"),
        ),
    ),
    PricedPart(
        "Mise en service",
        (
            Item(catalogue.START_UP),
            Item(catalogue.UPKEEP),
            Item(catalogue.THERMOSTAT, option=True),
            Item(catalogue.FLUSHING, option=True),
        ),
    ),
)
OIL_TO_HEAT_PUMP = (
    PricedPart("Dépose", (Item(catalogue.OIL_REMOVAL),)),
    PricedPart(
        "Fourniture et pose",
        (
            Item(catalogue.HEAT_PUMP_11),
            Item(catalogue.BUFFER),
            Item(catalogue.PIPES, "18.5"),
            Item(catalogue.POWER_LINE),
            Item(catalogue.LABOUR_REDUCED, "32"),
        ),
    ),
    PricedPart("Mise en service", (Item(catalogue.START_UP), Item(catalogue.FLUSHING))),
)
COOLING = (
    PricedPart(
        "Fourniture et pose",
        (Item(catalogue.AIR_PUMP), Item(catalogue.LABOUR, "14"), Item(catalogue.UPKEEP, option=True)),
    ),
)
HOT_WATER = (
    PricedPart(
        "Fourniture et pose",
        (Item(catalogue.WATER_HEATER), Item(catalogue.POWER_LINE), Item(catalogue.LABOUR_REDUCED, "6")),
    ),
)
HOT_WATER_TO_CHOOSE = (
    PricedPart(
        "Fourniture et pose",
        (
            Item(catalogue.WATER_HEATER, option=True, chosen=True, group="Chauffe-eau"),
            Item(catalogue.WATER_HEATER_LARGE, option=True, group="Chauffe-eau"),
            Item(catalogue.POWER_LINE),
            Item(catalogue.LABOUR_REDUCED, "6"),
            Item(catalogue.THERMOSTAT, option=True),
            Item(catalogue.FLUSHING, option=True),
        ),
    ),
)
RADIATORS = (
    PricedPart(
        "Fourniture et pose",
        (
            Item(catalogue.RADIATOR, "6"),
            Item(catalogue.VALVE, "6"),
            Item(catalogue.LABOUR, "16"),
            Item(catalogue.FLUSHING, option=True),
        ),
    ),
)
FLOOR = (
    PricedPart(
        "Fourniture et pose",
        (Item(catalogue.FLOOR, "62.5"), Item(catalogue.MANIFOLD), Item(catalogue.LABOUR, "40")),
    ),
)
GAS = (
    PricedPart("Dépose", (Item(catalogue.REMOVAL),)),
    PricedPart(
        "Fourniture et pose",
        (Item(catalogue.GAS_BOILER), Item(catalogue.FLUE, "3.5"), Item(catalogue.LABOUR, "10")),
    ),
    PricedPart("Mise en service", (Item(catalogue.UPKEEP),)),
)
REPAIR = (
    PricedPart(
        "Intervention", (Item(catalogue.LEAK), Item(catalogue.VALVE, "2"), Item(catalogue.LABOUR, "3"))
    ),
)
VENTILATION = (
    PricedPart("Étude", (Item(catalogue.STUDY),)),
    PricedPart(
        "Fourniture et pose",
        (Item(catalogue.VENTILATION), Item(catalogue.DUCTS, "48"), Item(catalogue.LABOUR_FULL, "38")),
    ),
)
YEARLY = (PricedPart("Entretien", (Item(catalogue.UPKEEP_BUSINESS, discount="8"),)),)
MORE_RADIATORS = (
    PricedPart(
        "Fourniture et pose",
        (
            Item(catalogue.RADIATOR, "8"),
            Item(catalogue.VALVE, "8"),
            Item(catalogue.LABOUR, "20"),
            Item(catalogue.FLUSHING, option=True),
        ),
    ),
)
