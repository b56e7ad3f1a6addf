"""A private apt: the machine's archive and keys, another suite, and not a file of the system's apt touched.

It only downloads. Nothing is installed, and neither the system's lists, cache nor package state are read or written.
"""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.debian.sources import Source, debian_archives, machine_sources, render

#: Debian's archive keys as its releases install them, newest name first.
_KEYRINGS = (
    Path("/usr/share/keyrings/debian-archive-keyring.pgp"),
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
)
_CONFIGURATION = """\
Dir::State "{home}/state";
Dir::State::status "{home}/status";
Dir::Cache "{home}/cache";
Dir::Etc::sourcelist "{home}/suite.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Log "{home}/log";
APT::Sandbox::User "";
APT::Install-Recommends "false";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
"""


class NotFetched(Exception):
    """The machine's Debian archive did not give what was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One file of the closure that apt would install."""

    name: str
    size_bytes: int


class PrivateApt:
    """apt-get with a configuration, lists and cache of its own below one directory."""

    def __init__(self, home: Path, *, suite: str) -> None:
        self._home = home
        self._suite = suite
        self._configuration = home / "apt.conf"
        self._architecture = ""

    def update(self) -> None:
        """Fetch the suite's index from the first of the machine's Debian archives that has it, signature checked."""
        archives = debian_archives(machine_sources())
        if not archives:
            raise NotFetched("no Debian archive with the component 'main' in /etc/apt/sources.list or sources.list.d")
        self._lay_out()
        self._architecture = _run(["dpkg", "--print-architecture"]).strip()
        told = [self._try(archive) for archive in archives]
        if all(told):
            raise NotFetched(f"apt could not fetch {self._suite} from this machine's Debian archive:\n" + told[-1])

    def closure(self, packages: Sequence[str]) -> list[Package]:
        """List the packages and all they need, as if nothing at all were installed."""
        lines = self._apt("install", "--print-uris", "-qq", *packages).splitlines()
        files = [line.split() for line in lines if line.startswith("'")]
        return [Package(name=words[1].split("_")[0], size_bytes=int(words[2])) for words in files]

    def download(self, packages: Sequence[str], into: Path) -> None:
        """Download the packages; apt checks each against the signed index."""
        self._apt("download", "-qq", *packages, cwd=into)

    def _lay_out(self) -> None:
        for part in ("state/lists/partial", "cache/archives/partial", "log"):
            (self._home / part).mkdir(parents=True, exist_ok=True)
        (self._home / "status").touch()
        self._configuration.write_text(_CONFIGURATION.format(home=self._home))

    def _try(self, archive: Source) -> str:
        """Return an empty text when this archive answered and is signed as it must be, else what apt said."""
        keyring = next((path for path in _KEYRINGS if path.exists()), None)
        stanza = render(archive, suite=self._suite, architecture=self._architecture, keyring=keyring)
        (self._home / "suite.sources").write_text(stanza)
        try:
            self._apt("update", "-qq", "--error-on=any")
        except NotFetched as refusal:
            return str(refusal)
        return ""

    def _apt(self, *arguments: str, cwd: Path | None = None) -> str:
        return _run(["apt-get", "-c", str(self._configuration), *arguments], cwd)


def _run(command: list[str], cwd: Path | None = None) -> str:
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise NotFetched(f"there is no {command[0]} here") from None
    if done.returncode != 0:
        raise NotFetched(f"{' '.join(command)} failed:\n{done.stderr.strip()}")
    return done.stdout
