"""The Tennessee Eastman plant's 41 measurements and 12 valves: name, quantity, unit, instrument range.

Units in the park's spelling. The gas flows are in thousands of standard cubic metres an hour (``kscmh`` in the
literature), ``kNm3/h`` here; the recordings keep the benchmark's numbers.
"""

from typing import NamedTuple


class Measurement(NamedTuple):
    """One column of a recording."""

    name: str
    #: Downs and Vogel's number, ``XMEAS(7)`` or ``XMV(3)``.
    symbol: str
    quantity: str
    unit: str
    #: Range of an instrument that would measure it.
    low: float
    high: float


def _of(symbol: str, rows: str) -> tuple[Measurement, ...]:
    out = []
    for number, row in enumerate(rows.strip().splitlines(), 1):
        name, quantity, unit, low, high = row.split()
        out.append(Measurement(name, f"{symbol}({number})", quantity, unit, float(low), float(high)))
    return tuple(out)


MEASUREMENTS = _of(
    "XMEAS",
    """
    feed_A_flow flow kNm3/h 0 1
    feed_D_flow flow kg/h 0 5800
    feed_E_flow flow kg/h 0 8300
    feed_AC_flow flow kNm3/h 0 15
    recycle_flow flow kNm3/h 0 50
    reactor_feed_flow flow kNm3/h 0 70
    reactor_pressure pressure kPa 0 3500
    reactor_level level % 0 100
    reactor_temperature temperature °C 0 200
    purge_flow flow kNm3/h 0 2
    separator_temperature temperature °C 0 150
    separator_level level % 0 100
    separator_pressure pressure kPa 0 3500
    separator_underflow flow m3/h 0 65
    stripper_level level % 0 100
    stripper_pressure pressure kPa 0 4000
    stripper_underflow flow m3/h 0 50
    stripper_temperature temperature °C 0 150
    stripper_steam_flow flow kg/h 0 500
    compressor_work power kW 0 500
    reactor_cooling_water_outlet_temperature_meas temperature °C 0 150
    condenser_cooling_water_outlet_temperature temperature °C 0 150
    reactor_feed_A_concentration concentration mol% 0 100
    reactor_feed_B_concentration concentration mol% 0 100
    reactor_feed_C_concentration concentration mol% 0 100
    reactor_feed_D_concentration concentration mol% 0 100
    reactor_feed_E_concentration concentration mol% 0 100
    reactor_feed_F_concentration concentration mol% 0 100
    purge_A_concentration concentration mol% 0 100
    purge_B_concentration concentration mol% 0 100
    purge_C_concentration concentration mol% 0 100
    purge_D_concentration concentration mol% 0 100
    purge_E_concentration concentration mol% 0 100
    purge_F_concentration concentration mol% 0 100
    purge_G_concentration concentration mol% 0 100
    purge_H_concentration concentration mol% 0 100
    stripper_underflow_D_concentration concentration mol% -1 100
    stripper_underflow_E_concentration concentration mol% -1 100
    stripper_underflow_F_concentration concentration mol% -1 100
    stripper_underflow_G_concentration concentration mol% 0 100
    stripper_underflow_H_concentration concentration mol% 0 100
    """,
)

VALVES = _of(
    "XMV",
    """
    d_feed_valve valve_position % 0 100
    e_feed_valve valve_position % 0 100
    a_feed_valve valve_position % 0 100
    ac_feed_valve valve_position % 0 100
    compressor_recycle_valve valve_position % 0 100
    purge_valve valve_position % 0 100
    separator_underflow_valve valve_position % 0 100
    stripper_underflow_valve valve_position % 0 100
    stripper_steam_valve valve_position % 0 100
    reactor_cooling_water_valve valve_position % 0 100
    separator_cooling_water_valve valve_position % 0 100
    reactor_agitator_speed speed % 0 100
    """,
)

#: Columns of a recording, in its order.
COLUMNS = MEASUREMENTS + VALVES
COLUMN_OF = {one.name: i for i, one in enumerate(COLUMNS)}
