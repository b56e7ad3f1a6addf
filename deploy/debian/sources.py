"""Finds the machine's own Debian archive in its apt sources, in both styles apt knows.

The address of the archive is the machine's business: it is read from there and never written into this repository.
"""

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

#: Suites that Debian itself publishes in its main archive.
_DEBIAN_SUITES = frozenset(
    {"bullseye", "bookworm", "trixie", "forky", "sid", "oldoldstable", "oldstable", "stable", "testing", "unstable"}
)
#: How the address of a Debian archive or mirror list ends: .../debian, .../debian/, snapshot's .../debian/<time>.
_DEBIAN_PATH = re.compile(r"/debian(/(\d{8}T\d{6}Z/?)?)?$|/debian\.list$")
_REMOTE = ("http:", "https:", "mirror+", "mirror:", "file:", "copy:", "ftp:")
_OPTIONS = re.compile(r"\[(?P<options>[^\]]*)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One archive as apt describes it, whichever style it was written in."""

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    #: A key ring's path, a finger print, or a whole key as deb822 allows; empty where apt's trusted keys serve.
    signed_by: str = ""


def machine_sources(etc_apt: Path = Path("/etc/apt")) -> list[Source]:
    """Read every enabled source of this machine."""
    one_line = [etc_apt / "sources.list", *sorted(etc_apt.glob("sources.list.d/*.list"))]
    found = [source for path in one_line if path.is_file() for source in parse_one_line(_read(path))]
    for path in sorted(etc_apt.glob("sources.list.d/*.sources")):
        found += parse_deb822(_read(path))
    return found


def debian_archives(sources: Iterable[Source]) -> list[Source]:
    """Pick Debian's main archive, one per address, likeliest first: not security, not backports, no third parties."""
    debian = [source for source in sources if _is_debian(source)]
    candidates = [replace(source, uris=(uri,)) for source in debian for uri in source.uris if _is_debian_uri(uri)]
    return sorted(dict.fromkeys(candidates), key=_foreign_key)


def parse_one_line(text: str) -> list[Source]:
    """Read ``deb [options] uri suite component...`` lines."""
    found = []
    for raw in text.splitlines():
        line = raw.split("#", 1)[0].strip()
        kind, _, rest = line.replace("\t", " ").partition(" ")
        if kind != "deb":
            continue
        rest = rest.strip()
        options = _OPTIONS.match(rest)
        words = rest[options.end() if options else 0 :].split()
        if len(words) >= 3 and not _is_off(_option(options, "enabled")):
            found.append(
                Source(
                    uris=(words[0],),
                    suites=(words[1],),
                    components=tuple(words[2:]),
                    signed_by=_option(options, "signed-by"),
                )
            )
    return found


def parse_deb822(text: str) -> list[Source]:
    """Read the stanzas of a ``.sources`` file."""
    found = []
    for stanza in re.split(r"\n[ \t]*\n", _without_comments(text)):
        fields = _fields(stanza)
        if "deb" not in fields.get("types", "").split() or _is_off(fields.get("enabled", "")):
            continue
        found.append(
            Source(
                uris=tuple(fields.get("uris", "").split()),
                suites=tuple(fields.get("suites", "").split()),
                components=tuple(fields.get("components", "").split()),
                signed_by=fields.get("signed-by", ""),
            )
        )
    return found


def render(source: Source, *, suite: str, architecture: str, keyring: Path | None) -> str:
    """Write a source as one deb822 stanza for another suite, its signatures checked with its own keys or the ring."""
    fields = {
        "Types": "deb",
        "URIs": " ".join(source.uris),
        "Suites": suite,
        "Components": "main",
        "Architectures": architecture,
        "Targets": "Packages",
        "Signed-By": source.signed_by or str(keyring or ""),
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items() if value)


def _is_debian(source: Source) -> bool:
    return "main" in source.components and any(suite in _DEBIAN_SUITES for suite in source.suites)


def _is_debian_uri(uri: str) -> bool:
    return uri.startswith(_REMOTE) and _DEBIAN_PATH.search(uri) is not None


def _foreign_key(source: Source) -> bool:
    """A key ring that is not Debian's own means a mirror signed anew, or a third party: try it last."""
    return bool(source.signed_by) and "debian" not in source.signed_by


def _option(options: re.Match[str] | None, name: str) -> str:
    for word in shlex.split(options["options"]) if options else []:
        key, _, value = word.partition("=")
        if key.lower() == name:
            return value
    return ""


def _is_off(value: str) -> bool:
    return value.strip().lower() in {"no", "false", "0", "off", "without", "disable"}


def _without_comments(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("#"))


def _fields(stanza: str) -> dict[str, str]:
    """Join each field with its continuation lines, which apt needs back as they were (a key spans many)."""
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line[:1] in {" ", "\t"} and name:
            fields[name] += "\n" + line.rstrip()
        elif ":" in line:
            head, value = line.split(":", 1)
            name = head.strip().lower()
            fields[name] = value.strip()
    return fields


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except PermissionError:
        return ""  # a source with a password in it, kept from ordinary users
