"""Limit packs from their files, and the limit book of a park by them."""

from collections.abc import Iterable
from pathlib import Path

from park.model import Park
from park.yamlfile import FileInvalid, Problem, text_of
from rules.emissions.limit_file import Pack, load_packs
from rules.emissions.limits import LimitBook
from service.judge.config import Emissions
from service.rules.files import rule_paths


def read_limit_packs(paths: Iterable[Path]) -> tuple[Pack, ...]:
    """The packs of files, and of directories of files. Raises FileInvalid with every problem of all, and OSError."""
    texts: list[tuple[str, str]] = []
    problems: list[Problem] = []
    for path in rule_paths(paths, "limit pack"):
        try:
            texts.append((str(path), text_of(path.read_bytes(), str(path))))
        except FileInvalid as error:
            problems += error.problems
    if problems:
        raise FileInvalid(problems)
    return load_packs(texts)


def limit_book(park: Park, config: Emissions) -> LimitBook:
    """What ``parkwatch serve`` judges by. Raises FileInvalid, and OSError where a file cannot be read."""
    return LimitBook(park, read_limit_packs(config.limits), [one.confirmation() for one in config.confirmed])
