"""Functions of the language: how many arguments, of what types and units."""

from collections.abc import Callable
from difflib import get_close_matches

from park.duration import format_duration
from rules.expression.dims import (
    PLAIN,
    SECONDS,
    Incompatible,
    conversion,
    difference,
    is_plain,
    is_time,
    literal,
    per_second,
)
from rules.expression.functions import (
    ALSO,
    FUNCTIONS,
    LONGEST_WINDOW_US,
    MOST_HOLDS,
    MOST_WINDOWS,
    SHORTEST_WINDOW_US,
    WINDOWS,
)
from rules.expression.quantity import Checks, Quantity
from rules.expression.resolve import Named
from rules.expression.tree import Call, Clock, Name, Node, Number, Span, Wrong
from rules.expression.typed import (
    Absolute,
    Age,
    Between,
    Bit,
    Cond,
    Extreme,
    Held,
    Hour,
    Known,
    Num,
    Silent,
    Windowed,
)

_CONDITIONS = ("bit", "valid", "stale", "hold", "between")
_HIGHEST_BIT = 52


def gives_condition(call: Call) -> bool:
    """Whether it is so or is not, rather than a number."""
    return call.name in _CONDITIONS


def is_time_of_day(node: Node) -> bool:
    """``22:00``"""
    return isinstance(node, Clock)


def condition(checker: Checks, call: Call) -> Cond | None:
    """A call that gives a condition."""
    return _TYPED_CONDITIONS[call.name](checker, call)


def number(checker: Checks, call: Call) -> Quantity | None:
    """A call that gives a number; or one of a function that does not exist."""
    if call.name in ("min", "max") and not _is_window(checker, call):
        return _extreme(checker, call)
    if call.name in WINDOWS:
        return _window(checker, call)
    known = _TYPED_NUMBERS.get(call.name)
    if known is not None:
        return known(checker, call)
    close = ALSO.get(call.name.lower()) or next(iter(get_close_matches(call.name.lower(), FUNCTIONS, n=1)), None)
    cure = f"did you mean {FUNCTIONS[close].usage}?" if close else "there are " + ", ".join(sorted(FUNCTIONS))
    checker.problems.add(call.at, f"there is no function {call.name!r}; {cure}")
    return None


def _usage(checker: Checks, call: Call, least: int, most: int | None = None) -> bool:
    if least <= len(call.args) <= (least if most is None else most):
        return True
    given = f"{len(call.args)} argument" + ("" if len(call.args) == 1 else "s")
    checker.problems.add(call.at, f"{call.name} is given {given}; write {FUNCTIONS[call.name].usage}")
    return False


def _tag(checker: Checks, call: Call) -> Named | None:
    """The first argument, which must be a name."""
    node = call.args[0]
    if isinstance(node, Name):
        return checker.named(node)
    if not isinstance(node, Wrong):
        checker.problems.add(
            node.at, f"{call.name} looks at a tag, not at something reckoned; write {FUNCTIONS[call.name].usage}"
        )
    return None


def _duration_us(checker: Checks, node: Node, call: Call) -> int | None:
    match node:
        case Span(us=us):
            return us
        case Wrong():
            return None
        case Number(value=value, unit=unit) if is_time(literal(unit)):
            return round(value * conversion(literal(unit), SECONDS)[0] * 1e6)
        case Number(value=value, unit="m"):
            text = checker.source(node)
            checker.problems.add(node.at, f"{text} are metres; minutes are written without a space: {value:g}m")
            return None
    text = checker.source(node)
    checker.problems.add(
        node.at, f"a duration is needed here, such as 10m or 1h, not {text}; {FUNCTIONS[call.name].usage}"
    )
    return None


# -- numbers ---------------------------------------------------------------------------------------------------------


def _is_window(checker: Checks, call: Call) -> bool:
    """``max(x, 10m)`` and not ``max(a, b)``."""
    if len(call.args) != 2 or not isinstance(call.args[0], Name):
        return False
    second = call.args[1]
    return isinstance(second, Span) or (isinstance(second, Number) and is_time(literal(second.unit)))


def _window(checker: Checks, call: Call) -> Quantity | None:
    if not _usage(checker, call, 2):
        return None
    named, us = _tag(checker, call), _duration_us(checker, call.args[1], call)
    if named is None or us is None or not _is_fit(checker, call, us, named.ref):
        return None
    part = Windowed(call.name, named.ref, us)
    measure, unit = named.measure, named.unit
    if call.name == "count":
        measure, unit = PLAIN, ""
    elif call.name == "stddev":
        measure = difference(named.measure)
    elif call.name == "rate":
        try:
            measure = per_second(named.measure)
        except Incompatible as error:  # pragma: no cover - a difference can always be divided
            checker.problems.add(call.at, str(error))
            return None
        unit = f"{unit}/s" if unit else "/s"
    elif call.name == "sum" and named.offset is not None and named.offset.any():
        checker.problems.add(call.at, f"a sum over {', '.join(named.units)} has no meaning; use mean")
        return None
    checker.leaf(call, part, unit)
    return Quantity(part, measure, named.units if len(named.units) > 1 and call.name != "count" else ())


def _is_fit(checker: Checks, call: Call, us: int, ref: str) -> bool:
    at = call.args[1].at
    if not SHORTEST_WINDOW_US <= us <= LONGEST_WINDOW_US:
        least, most = format_duration(SHORTEST_WINDOW_US), format_duration(LONGEST_WINDOW_US)
        checker.problems.add(at, f"a window is {least} to {most} long, not {checker.source(call.args[1])}")
        return False
    if us % 1000:
        checker.problems.add(at, f"a window is a whole number of milliseconds long, not {checker.source(call.args[1])}")
        return False
    checker.windows.add((ref, us))
    if len(checker.windows) == MOST_WINDOWS + 1:
        checker.problems.add(call.at, f"more than {MOST_WINDOWS} different windows; make two rules of it")
    return True


def _extreme(checker: Checks, call: Call) -> Quantity | None:
    if len(call.args) < 2:
        _usage(checker, call, 2)
        return None
    given = [checker.number(arg) for arg in call.args]
    pairs = [(of, node) for of, node in zip(given, call.args, strict=True) if of is not None]
    if len(pairs) < len(given):
        return None
    # One that has a unit first: the others are converted to it, and those without take it.
    first = next((pair for pair in pairs if not pair[0].measure.is_literal), pairs[0])
    nums: list[Num] = []
    for pair in pairs:
        if pair is first:
            nums.append(first[0].num)
        else:
            nums.append(checker.alike(first[0], pair[0], first[1], pair[1], "compare")[1])
    return Quantity(Extreme(call.name == "max", tuple(nums)), first[0].measure, first[0].units)


def _absolute(checker: Checks, call: Call) -> Quantity | None:
    if not _usage(checker, call, 1):
        return None
    of = checker.number(call.args[0])
    return None if of is None else Quantity(Absolute(of.num), of.measure, of.units)


def _age(checker: Checks, call: Call) -> Quantity | None:
    named = _tag(checker, call) if _usage(checker, call, 1) else None
    if named is None:
        return None
    part = Age(named.ref)
    checker.leaf(call, part, None)
    return Quantity(part, SECONDS)


def _hour(checker: Checks, call: Call) -> Quantity | None:
    if not _usage(checker, call, 0):
        return None
    checker.leaf(call, Hour())
    return Quantity(Hour(), PLAIN)


# -- conditions ------------------------------------------------------------------------------------------------------


def _bit(checker: Checks, call: Call) -> Cond | None:
    if not _usage(checker, call, 2):
        return None
    word, place = checker.number(call.args[0]), call.args[1]
    if word is None:
        return None
    if not is_plain(word.measure):
        what = checker.source(call.args[0])
        checker.problems.add(call.args[0].at, f"{what} is measured in {word.measure}; a word of bits has no unit")
        return None
    if not (isinstance(place, Number) and place.unit is None and place.value in range(_HIGHEST_BIT + 1)):
        checker.problems.add(place.at, f"the number of a bit is 0 to {_HIGHEST_BIT}, not {checker.source(place)}")
        return None
    part = Bit(word.num, int(place.value))
    checker.leaf(call, part)
    return part


def _valid(checker: Checks, call: Call) -> Cond | None:
    named = _tag(checker, call) if _usage(checker, call, 1) else None
    if named is None:
        return None
    part: Cond = Known(named.ref) if call.name == "valid" else Silent(named.ref)
    checker.leaf(call, part)
    return part


def _hold(checker: Checks, call: Call) -> Cond | None:
    if not _usage(checker, call, 2):
        return None
    of, us = checker.condition(call.args[0]), _duration_us(checker, call.args[1], call)
    if of is None or us is None:
        return None
    part = Held(of, us)
    checker.holds.add(part)
    if len(checker.holds) == MOST_HOLDS + 1:
        checker.problems.add(call.at, f"more than {MOST_HOLDS} holds; make two rules of it")
    return part


def _between(checker: Checks, call: Call) -> Cond | None:
    if not _usage(checker, call, 2):
        return None
    minutes = []
    for arg in call.args:
        if isinstance(arg, Clock):
            minutes.append(arg.minute)
        else:
            checker.problems.add(arg.at, f"a time of day is needed here, such as 22:00, not {checker.source(arg)}")
    if len(minutes) < 2:
        return None
    if minutes[0] == minutes[1]:
        checker.problems.add(call.at, "the time begins and ends at the same minute")
        return None
    part = Between(minutes[0], minutes[1])
    checker.leaf(call, part)
    return part


_TYPED_NUMBERS: dict[str, Callable[[Checks, Call], Quantity | None]] = {
    "abs": _absolute,
    "age": _age,
    "hour": _hour,
}
_TYPED_CONDITIONS: dict[str, Callable[[Checks, Call], Cond | None]] = {
    "bit": _bit,
    "valid": _valid,
    "stale": _valid,
    "hold": _hold,
    "between": _between,
}
