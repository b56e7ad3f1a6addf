"""The executable specification of kind ``stale``; see `rules.oracles.oracle`."""

from collections.abc import Collection, Mapping, Sequence

from park.index import TagInfo, TagTable
from park.quality import Quality
from rules.oracles.base import Sample
from rules.spec import StaleRule
from rules.transition import Change, Transition, alert_id


class Alert:
    """One communication alert, standing or not."""

    def __init__(self) -> None:
        self.stands = False
        self.target = ""
        self.onset = 0
        self.last_told = 0


class Absent:
    """What is known of one tag: when it was heard last, and from when on its absence counts [4.2]."""

    def __init__(self, info: TagInfo) -> None:
        self.info = info
        self.heard: int | None = None
        self.baseline: int | None = None
        #: Times of the usable samples of this advance.
        self.played: list[int] = []
        self.alert = Alert()

    def since(self) -> int:
        """Absent since then."""
        assert self.baseline is not None
        return self.baseline if self.heard is None else max(self.heard, self.baseline)


class Group:
    """The tags of one device with one timeout and delay [4.3]; a tag without a device by itself."""

    def __init__(self, device: str, timeout: int, delay: int, tags: list[Absent]) -> None:
        self.device = device
        self.timeout = timeout
        self.delay = delay
        self.tags = tags
        self.alert = Alert()

    def since(self) -> int:
        """All of it absent since then."""
        return max(tag.since() for tag in self.tags)

    def heard(self) -> int | None:
        """The last time that any tag of it was heard."""
        return max((tag.heard for tag in self.tags if tag.heard is not None), default=None)

    def heard_after(self, time: int) -> bool:
        """Whether any tag of it was."""
        heard = self.heard()
        return heard is not None and heard > time

    def fresh(self, now: int) -> bool:
        """Not stale."""
        heard = self.heard()
        return heard is not None and now - heard <= self.timeout


class Cluster:
    """The groups of one connector with one timeout and delay [4.3]."""

    def __init__(self, groups: list[Group]) -> None:
        self.groups = groups
        self.timeout = groups[0].timeout
        self.delay = groups[0].delay
        self.alert = Alert()

    def since(self) -> int:
        """All of it absent since then."""
        return max(group.since() for group in self.groups)


class Connector:
    """All that one connector brings; a tag without one by itself."""

    def __init__(self, name: str, tags: dict[tuple[str, int, int], list[Absent]]) -> None:
        self.name = name
        self.groups = [Group(device, timeout, delay, of) for (device, timeout, delay), of in sorted(tags.items())]
        kinds = sorted({(group.timeout, group.delay) for group in self.groups})
        self.clusters = [
            Cluster([group for group in self.groups if (group.timeout, group.delay) == kind]) for kind in kinds
        ]

    def cluster_of(self, group: Group) -> Cluster:
        """The one with its timeout and delay."""
        return next(cluster for cluster in self.clusters if group in cluster.groups)

    def lives(self, since: int, now: int) -> bool:
        """Whether something on it that is not stale was heard after that."""
        return any(group.fresh(now) and group.heard_after(since) for group in self.groups)


class StaleOracle:
    """All communication alarms of one rule."""

    def __init__(self, tags: TagTable, rule: StaleRule) -> None:
        infos = rule.applies_to.pick(tags)
        self._rule = rule
        self._worst = Quality.UNCERTAIN if rule.uncertain == "evaluate" else Quality.GOOD
        self._told: list[Transition] = []
        self._last_onset: dict[str, int] = {}
        self._now = 0
        named: dict[str, dict[tuple[str, int, int], list[Absent]]] = {}
        for info in infos:
            timeout = info.tag.stale_after if rule.stale_after is None else rule.stale_after
            delay = info.tag.stale_delay if rule.stale_delay is None else rule.stale_delay
            if timeout is not None:
                name = info.from_.connector if info.from_ else f"none, for {info.id}"
                named.setdefault(name, {}).setdefault((info.device, timeout, delay), []).append(Absent(info))
        self._connectors = [Connector(name, tags) for name, tags in sorted(named.items())]

    def reset(self, alert_ids: Collection[str], now: int) -> None:
        """Nothing: communication alarms are never latched."""

    def resume(self, now: int) -> None:
        """Absence counts from now [4.2]."""
        for connector in self._connectors:
            _return(connector.groups, now)

    def advance(self, now: int, played: Mapping[int, Sequence[Sample]]) -> list[Transition]:
        """Judge everything as of now."""
        self._now, self._told = now, []
        for connector in self._connectors:
            for tag in (tag for group in connector.groups for tag in group.tags):
                tag.baseline = now if tag.baseline is None else tag.baseline
                tag.played = [one.time for one in played.get(tag.info.ix, []) if one.quality <= self._worst]
                tag.heard = tag.played[-1] if tag.played else tag.heard
            self._end(connector)
            self._begin(connector)
        return self._told

    def _end(self, connector: Connector) -> None:
        """[4.6]: at the first sample that is not older than the timeout now."""
        for group in connector.groups:
            for tag in group.tags:
                self._end_by(tag.alert, [tag], group.timeout)
        for group in connector.groups:
            if self._end_by(group.alert, group.tags, group.timeout) and group.alert.target == group.device:
                _return([one for one in connector.groups if one.device == group.device], group.alert.last_told)
        for cluster in connector.clusters:
            tags = [tag for group in cluster.groups for tag in group.tags]
            if self._end_by(cluster.alert, tags, cluster.timeout):
                _return(connector.groups, cluster.alert.last_told)

    def _end_by(self, alert: Alert, tags: list[Absent], timeout: int) -> bool:
        back = [time for tag in tags for time in tag.played if self._now - time <= timeout]
        if not back or not alert.stands:
            return False
        self._tell(Change.CLEARED, alert, max(min(back), alert.last_told))
        alert.stands = False
        return True

    def _begin(self, connector: Connector) -> None:
        for cluster in sorted(connector.clusters, key=_due):
            if len(cluster.groups) > 1 and self._is_due(cluster.alert, cluster.since(), cluster):
                self._begin_cluster(connector, cluster)
        for group in sorted(connector.groups, key=_due):
            if self._is_due(group.alert, group.since(), group):
                self._begin_group(connector, group)
        for group in connector.groups:
            if group.fresh(self._now):
                self._begin_tags(group)

    def _is_due(self, alert: Alert, since: int, of: Group | Cluster) -> bool:
        """Stale for at least the delay; stale is strictly longer than the timeout [4.1]."""
        absent = self._now - since
        return not alert.stands and absent > of.timeout and absent >= of.timeout + of.delay

    def _begin_cluster(self, connector: Connector, cluster: Cluster) -> None:
        """[4.5]"""
        since = cluster.since()
        if connector.lives(since + cluster.timeout, self._now):
            return
        if any(not group.alert.stands and not _is_explained(connector, group) for group in cluster.groups):
            self._raise(cluster.alert, connector.name, since, cluster)

    def _begin_group(self, connector: Connector, group: Group) -> None:
        """[4.4, 4.5]"""
        since = group.since()
        shares = len(connector.cluster_of(group).groups) > 1
        if shares and not connector.lives(since + group.timeout, self._now):
            return
        if _is_explained(connector, group):
            return
        others = [other for other in connector.groups if other.device == group.device and other is not group]
        lives = any(other.heard_after(since + group.timeout) for other in others)
        by_tag = not group.device or (lives and len(group.tags) == 1)
        self._raise(group.alert, group.tags[0].info.id if by_tag else group.device, since, group)

    def _begin_tags(self, group: Group) -> None:
        """[4.5]"""
        for tag in group.tags:
            since = tag.since()
            if self._is_due(tag.alert, since, group) and group.heard_after(since + group.timeout):
                self._raise(tag.alert, tag.info.id, since, group)

    def _raise(self, alert: Alert, target: str, since: int, of: Group | Cluster) -> None:
        last = self._last_onset.get(target)
        alert.stands, alert.target = True, target
        alert.onset = since + of.timeout if last is None else max(since + of.timeout, last + 1)  # [4.7]
        self._last_onset[target] = alert.onset
        self._tell(Change.RAISED, alert, max(since + of.timeout + of.delay, alert.onset))

    def _tell(self, change: Change, alert: Alert, time: int) -> None:
        alert.last_told = time
        self._told.append(
            Transition(
                alert_id=alert_id(self._rule.id, alert.target, "", alert.onset),
                change=change,
                rule=self._rule.id,
                target=alert.target,
                side="",
                level="",
                onset_us=alert.onset,
                effective_us=time,
                detected_us=self._now,
                value=None,
                limit=None,
                peak=None,
                quality="good" if change is Change.CLEARED else "stale",
                unverified=False,
                why="",
            )
        )


def _due(what: Group | Cluster) -> int:
    return what.since() + what.timeout + what.delay


def _is_explained(connector: Connector, group: Group) -> bool:
    """Whether an alert says that its whole connection or device is silent, and it was not heard since [4.4]."""
    whole = [cluster.alert for cluster in connector.clusters]
    whole += [one.alert for one in connector.groups if one.device == group.device and one.alert.target == one.device]
    heard = group.heard()
    return any(alert.stands and (heard is None or heard <= alert.onset) for alert in whole)


def _return(groups: list[Group], time: int) -> None:
    """From now on all tags have their whole timeout [4.2, 4.6]."""
    for tag in (tag for group in groups for tag in group.tags):
        tag.baseline = time if tag.baseline is None else max(tag.baseline, time)
