"""How the names of a packet's content are to be understood: which item each belongs to, and what is odd about them.

A logger sends the same names again and again, and only the values differ. So names are looked at once, and what was
found is kept by them.
"""

import re
from dataclasses import dataclass

from connectors.hj212.words import PARAMETERS, SUFFIXES

_SEPARATORS = re.compile(r"[;,]")
_BLANKS = re.compile(r"\s+")
_SUFFIX_OF = {suffix.lower(): suffix for suffix in SUFFIXES}
_PARAMETER_OF = {name.lower(): name for name in PARAMETERS}
#: Bounds on what is kept: senders that make up names must not make us grow. Names in all, in one, letters of each.
_MAX_NAMES, _MAX_KEYS, _MAX_KEY_LENGTH = 100_000, 256, 48


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """What the names say. The lengths of ``names`` and of the packet's values are one. Equal only to itself."""

    #: Code and suffix of each value; a plain parameter has the suffix ``""``.
    names: tuple[tuple[str, str], ...]
    #: Plain parameters and the place of each one's value.
    plain: tuple[tuple[str, int], ...]
    #: Places of values that run on after a separator (``1,000``): not to be believed.
    broken: frozenset[int]
    deviations: tuple[str, ...]


class _Known:
    """Shapes by the names that they were found for."""

    def __init__(self) -> None:
        self.shapes: dict[tuple[str, ...], Shape] = {}
        self._names = 0

    def keep(self, keys: tuple[str, ...], shape: Shape) -> None:
        """Unless it is too long. When there are too many, all are forgotten."""
        if len(keys) > _MAX_KEYS or max(map(len, keys)) > _MAX_KEY_LENGTH:
            return
        self._names += len(keys)
        if self._names > _MAX_NAMES:
            self.shapes, self._names = {}, len(keys)
        self.shapes[keys] = shape


_known = _Known()


def shape_of(keys: tuple[str, ...]) -> Shape:
    """The shape of names as sent, each with the separator before it; the last is what stands after the last value."""
    shape = _known.shapes.get(keys)
    if shape is None:
        shape = _find_shape(keys)
        _known.keep(keys, shape)
    return shape


def _find_shape(keys: tuple[str, ...]) -> Shape:
    odd: dict[str, None] = {}
    broken: set[int] = set()
    names: list[tuple[str, str]] = []
    for place, key in enumerate(keys):
        *before, name = _SEPARATORS.split(key)
        last = place == len(keys) - 1
        if last:
            before, name = [*before, name], ""
        # Of a good name: one separator before it, none before the first and after the last.
        rest = before[1:] if place else before
        if last and not place:
            rest = before
        for one in rest:
            _note_rest(one, odd, trailing=last and not place)
        if key.startswith(",") and any(one.strip() for one in rest):
            broken.add(place - 1)
        if not last:
            names.append(_split_name(name, odd))
    _find_letters(names, odd)
    _note_separators(keys, names, odd)
    plain = tuple((code, place) for place, (code, suffix) in enumerate(names) if not suffix)
    return Shape(tuple(names), plain, frozenset(broken), tuple(odd))


def _note_rest(text: str, odd: dict[str, None], *, trailing: bool) -> None:
    """What stands between two separators without being ``name=value``."""
    if text.strip():
        odd["item_without_value"] = None
    elif text:
        odd["stray_blank"] = None
    elif not trailing:
        odd["empty_item"] = None


def _split_name(name: str, odd: dict[str, None]) -> tuple[str, str]:
    bare = _BLANKS.sub("", name)
    if bare != name:
        odd["stray_blank"] = None
    code, _, suffix = bare.partition("-")
    if not code:
        odd["item_without_name"] = None
    if not suffix:
        known = _PARAMETER_OF.get(code.lower(), code)
        if known != code:
            odd["name_case"] = None
        return known, ""
    known = _SUFFIX_OF.get(suffix.lower(), "")
    if not known:
        odd["unknown_suffix"] = None
    elif known != suffix:
        odd["name_case"] = None
    return code, known or suffix


def _find_letters(names: list[tuple[str, str]], odd: dict[str, None]) -> None:
    """The standard's own misprint of table C.14: ``01018-Rtd`` among fields of ``w01018``."""
    bare = [place for place, (code, _) in enumerate(names) if len(code) == 5 and code.isdigit()]
    if not bare:
        return
    whole: dict[str, set[str]] = {}
    for code, _ in names:
        if len(code) == 6:
            whole.setdefault(code[1:], set()).add(code)
    for place in bare:
        code, suffix = names[place]
        if len(found := whole.get(code, ())) == 1:
            names[place] = (*found, suffix)
            odd["code_mismatch"] = None


def _note_separators(keys: tuple[str, ...], names: list[tuple[str, str]], odd: dict[str, None]) -> None:
    """A comma joins the values of one item, a semicolon parts items (HJ 212-2017, 6.3.3)."""
    if len(set(names)) != len(names):
        odd["duplicate_item"] = None
    for place in range(1, len(names)):
        (code, suffix), before = names[place], names[place - 1]
        separator = keys[place][0]
        if separator == "," and code != before[0]:
            odd["comma_between_items" if suffix or before[1] else "comma_in_request"] = None
        elif separator == ";" and code == before[0] and suffix != before[1]:
            odd["semicolon_in_item"] = None
