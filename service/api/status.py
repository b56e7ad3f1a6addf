"""What the service says of itself, cut to what the caller sees."""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from service.api.shapes import count_by, floods_shape
from service.api.times import rfc3339
from service.api.view import ServiceView
from service.store.scope import Scope

#: Many pages ask at once; they get one answer.
_FRESH_S = 0.25
#: What is of the machine and not of any enterprise.
_INNER = ("error",)


class StatusBoard:
    """Statuses by scope, each made at most four times a second."""

    def __init__(self, view: ServiceView, *, steady_s: Callable[[], float] = time.monotonic) -> None:
        self._view = view
        self._steady_s = steady_s
        self._made: dict[Scope, tuple[float, dict[str, Any]]] = {}

    def of(self, scope: Scope) -> dict[str, Any]:
        """As `service.api.models.StatusShape`."""
        now_s = self._steady_s()
        made_s, status = self._made.get(scope, (float("-inf"), {}))
        if now_s - made_s >= _FRESH_S:
            status = self._make(scope)
            self._made = {one: made for one, made in self._made.items() if now_s - made[0] < 60.0}
            self._made[scope] = (now_s, status)
        return status

    def _make(self, scope: Scope) -> dict[str, Any]:
        view = self._view
        raw = view.status()
        now_us = int(raw["now_us"])
        data_us = int(raw["data_us"]) if scope.is_everything else self._newest_us(scope)
        return {
            **{name: value for name, value in raw.items() if name not in _REWRITTEN and scope.is_everything},
            "ready": raw["ready"],
            "now": rfc3339(now_us),
            "data": rfc3339(data_us),
            "data_age_s": round((now_us - data_us) / 1e6, 3) if data_us > 0 else None,
            "chain": view.book.chain,
            "seq": view.book.seq,
            "problems": self._problems(raw["problems"], scope),
            "alerts": count_by(one.state.value for one in view.book.active.values() if scope.sees(one.enterprise)),
            "floods": floods_shape(view.book, scope),
            "journal": _cut(raw["journal"], scope),
            "store": _cut(raw["store"], scope),
            "judge": _cut(raw["judge"] | {"until": rfc3339(raw["judge"]["until"])}, scope),
            "listeners": view.live.listeners,
            # Raised with every change: a page asks again where its number has changed.
            "cases": view.cases.version(scope),
            "notifications": view.notify.version if scope.is_everything else 0,
        }

    def _newest_us(self, scope: Scope) -> int:
        mine = [info.ix for info in self._view.tags.infos if info.enterprise == scope.own]
        return int(self._view.latest().time_us[np.array(mine, dtype=np.intp)].max(initial=0))

    def _problems(self, problems: list[str], scope: Scope) -> list[str]:
        """For one enterprise: without sentences that name what it does not see, and without their inner causes."""
        if scope.is_everything:
            return problems
        tags = self._view.tags
        seen = {info.from_.connector for info in tags.infos if info.from_ and scope.sees(info.enterprise)}
        hidden = {one.id for one in tags.park.enterprises if not scope.sees(one.id)}
        hidden |= {health.connector for health in self._view.connectors()} - seen
        words = [set(re.findall(r"[\w-]+", sentence)) for sentence in problems]
        return [one.partition(": ")[0] for one, named in zip(problems, words, strict=True) if not named & hidden]


_REWRITTEN = frozenset({"now_us", "data_us", "ready", "problems", "journal", "store", "judge", "seq"})


def _cut(part: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    return {name: value for name, value in part.items() if scope.is_everything or name not in _INNER}
