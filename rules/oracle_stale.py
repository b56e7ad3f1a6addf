"""The executable specification of kind ``stale``; see `rules.oracle`."""

from collections.abc import Mapping

from park.index import TagInfo
from park.quality import Quality
from rules.oracle_limit import Sample
from rules.spec import StaleRule
from rules.transition import Change, Transition, alert_id


class Absent:
    """What is known of one tag: when it was heard last, and from when on its absence counts [4.2]."""

    def __init__(self, info: TagInfo) -> None:
        self.info = info
        self.heard: int | None = None
        self.baseline: int | None = None
        self.alert = Alert()

    def since(self) -> int:
        """Absent since then."""
        assert self.baseline is not None
        return self.baseline if self.heard is None else max(self.heard, self.baseline)


class Alert:
    """One communication alert, standing or not."""

    def __init__(self) -> None:
        self.stands = False
        self.target = ""
        self.onset = 0
        self.last_told = 0


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

    def due(self, since: int, now: int) -> bool:
        """Stale for at least the delay; stale is strictly longer than the timeout [4.1]."""
        return now > since + self.timeout and now >= since + self.timeout + self.delay


class StaleOracle:
    """All communication alarms of one rule."""

    def __init__(self, rule: StaleRule, infos: list[TagInfo]) -> None:
        self._rule = rule
        self._worst = Quality.UNCERTAIN if rule.uncertain == "evaluate" else Quality.GOOD
        self._devices: list[list[Group]] = []
        self._told: list[Transition] = []
        self._now = 0
        named: dict[str, dict[tuple[int, int], list[Absent]]] = {}
        for info in infos:
            timeout = info.tag.stale_after if rule.stale_after is None else rule.stale_after
            delay = info.tag.stale_delay if rule.stale_delay is None else rule.stale_delay
            if timeout is not None:
                groups = named.setdefault(info.device or f"no device: {info.id}", {})
                groups.setdefault((timeout, delay), []).append(Absent(info))
        for groups in named.values():
            self._devices.append(
                [Group(tags[0].info.device, timeout, delay, tags) for (timeout, delay), tags in sorted(groups.items())]
            )

    def resume(self, now: int) -> None:
        """Absence counts from now [4.2]."""
        for tag in self._tags():
            tag.baseline = now if tag.baseline is None else max(tag.baseline, now)

    def advance(self, now: int, played: Mapping[int, list[Sample]]) -> list[Transition]:
        """Judge every tag and device as of now."""
        self._now, self._told = now, []
        for tag in self._tags():
            tag.baseline = now if tag.baseline is None else tag.baseline
            usable = [sample.time for sample in played.get(tag.info.ix, []) if sample.quality <= self._worst]
            tag.heard = usable[-1] if usable else tag.heard
        for device in self._devices:
            for group in device:
                self._end(device, group, played)
            for group in sorted(device, key=lambda one: one.since() + one.timeout + one.delay):
                self._begin_group(device, group)
            for group in device:
                self._begin_tags(group)
        return self._told

    def _tags(self) -> list[Absent]:
        return [tag for device in self._devices for group in device for tag in group.tags]

    def _end(self, device: list[Group], group: Group, played: Mapping[int, list[Sample]]) -> None:
        """[4.6]: at the first sample that is not older than the timeout now."""
        back: list[int] = []
        for tag in group.tags:
            usable = [sample.time for sample in played.get(tag.info.ix, []) if sample.quality <= self._worst]
            fresh = [time for time in usable if self._now - time <= group.timeout]
            back.extend(fresh[:1])
            if fresh and tag.alert.stands:
                self._clear(tag.alert, fresh[0])
        if back and group.alert.stands:
            self._clear(group.alert, min(back))
            if group.alert.target == group.device:
                for tag in (tag for one in device for tag in one.tags):
                    assert tag.baseline is not None
                    tag.baseline = max(tag.baseline, group.alert.last_told)

    def _begin_group(self, device: list[Group], group: Group) -> None:
        """[4.4]"""
        since, heard = group.since(), group.heard()
        if group.alert.stands or not group.due(since, self._now):
            return
        others = [other for other in device if other is not group]
        for other in others:
            says_so = other.alert.stands and other.alert.target == group.device
            if says_so and (heard is None or heard <= other.alert.onset):
                return
        lives = any((last := other.heard()) is not None and last > since + group.timeout for other in others)
        by_tag = not group.device or (lives and len(group.tags) == 1)
        self._raise(group.alert, group.tags[0].info.id if by_tag else group.device, group, since)

    def _begin_tags(self, group: Group) -> None:
        """[4.5]"""
        heard = group.heard()
        if heard is None or self._now - heard > group.timeout:
            return
        for tag in group.tags:
            since = tag.since()
            if not tag.alert.stands and group.due(since, self._now) and heard > since + group.timeout:
                self._raise(tag.alert, tag.info.id, group, since)

    def _raise(self, alert: Alert, target: str, group: Group, since: int) -> None:
        alert.stands, alert.target, alert.onset = True, target, since + group.timeout
        self._tell(Change.RAISED, alert, alert.onset + group.delay)

    def _clear(self, alert: Alert, time: int) -> None:
        self._tell(Change.CLEARED, alert, max(time, alert.last_told))
        alert.stands = False

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
