"""What the alert book needs to know of an alarm's target: whose it is, and how urgent."""

from park.index import TagTable
from rules.spec import RuleSet
from service.alerts.book import Facts, Lookup

#: Priority of the service's own alarms.
_OWN_PRIORITY = 1


def lookup(tags: TagTable, rules: RuleSet) -> Lookup:
    """A function of (rule, target, level) over this park and these rules."""
    by_rule = {rule.id: rule for rule in rules.rules}
    owner_of_source = {f"{owner}.{source.id}": owner for owner, sources in tags.park.owners() for source in sources}
    parties = {owner for owner, _ in tags.park.owners()}
    first_of_device = {info.device: info for info in reversed(tags.infos) if info.device}
    owners: dict[str, set[str]] = {}
    for info in tags.infos:
        owners.setdefault(info.device, set()).add(info.enterprise)

    def facts(rule: str, target: str, level: str) -> Facts:
        known = by_rule.get(rule)
        priority = known.priority_of(level) if known is not None else _OWN_PRIORITY
        info = tags.by_id(target)
        if info is not None:
            return Facts(priority=priority, enterprise=info.enterprise, source=info.source_id, unit=info.tag.unit)
        if target in owner_of_source:
            return Facts(priority=priority, enterprise=owner_of_source[target], source=target, unit="")
        if target in parties:
            return Facts(priority=priority, enterprise=target, source="", unit="")
        first = first_of_device.get(target)
        shared = first is None or len(owners[target]) > 1
        return Facts(
            priority=priority, enterprise="" if shared or first is None else first.enterprise, source="", unit=""
        )

    return facts
