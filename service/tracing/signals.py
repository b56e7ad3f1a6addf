"""What sources have to tell by themselves around a rise: alarms that stood, detectors and outlets that rose."""

from collections.abc import Iterable, Mapping, Sequence

from park.index import TagInfo
from park.model import SourceKind
from rules.tracing.case import Signal, SignalKind
from service.alerts.model import Alert
from service.tracing.places import Place

#: Kinds of rules that tell of instruments or of the service, not of the plant.
NOT_OF_THE_PLANT = frozenset({"stale", "frozen", "quality", "range", "service", "stop_work"})


def of_alerts(alerts: Iterable[Alert], kinds: Mapping[str, SourceKind]) -> dict[str, list[Signal]]:
    """By source; ``kinds`` of all sources by id. Alarms about instruments are left out."""
    found: dict[str, list[Signal]] = {}
    for alert in alerts:
        kind = kinds.get(alert.source or alert.target)
        if kind is None or alert.kind in NOT_OF_THE_PLANT:
            continue
        until_us = alert.cleared_us if alert.cleared_us is not None else 2**62
        signal = Signal(kind=_kind(kind), subject=alert.target, at_us=alert.onset_us, until_us=until_us)
        found.setdefault(alert.source or alert.target, []).append(signal)
    return found


def _kind(kind: SourceKind) -> SignalKind:
    return {
        SourceKind.GAS_DETECTORS: SignalKind.GAS_ALERT,
        SourceKind.WASTE_STORE: SignalKind.GAS_ALERT,
        SourceKind.TREATMENT_UNIT: SignalKind.TREATMENT_FAILED,
        SourceKind.WASTE_GAS_OUTLET: SignalKind.OUTLET_ROSE,
    }.get(kind, SignalKind.ALERT)


def of_rises(rises: Mapping[str, int], infos: Sequence[TagInfo]) -> dict[str, list[Signal]]:
    """By source, of tags that rose at a time."""
    found: dict[str, list[Signal]] = {}
    for info in infos:
        if info.id in rises:
            outlet = info.source.kind is SourceKind.WASTE_GAS_OUTLET
            kind = SignalKind.OUTLET_ROSE if outlet else SignalKind.DETECTOR_ROSE
            found.setdefault(info.source_id, []).append(Signal(kind=kind, subject=info.id, at_us=rises[info.id]))
    return found


def at(place: Place, by_source: Mapping[str, Sequence[Signal]]) -> list[Signal]:
    """All that tells of a place: its own, its detectors', its treatment's."""
    sources = dict.fromkeys((place.id, *place.detectors, *place.treatment))
    return [signal for source in sources for signal in by_source.get(source, ())]
