"""The machine's own Debian archive is found in both styles of apt sources, and third parties are not taken for it."""

from pathlib import Path

import pytest

from deploy.debian.sources import Source, debian_archives, machine_sources, parse_deb822, parse_one_line, render

_ONE_LINE = """\
# See sources.list(5)
deb http://mirror.example/debian bookworm main contrib  # ours
deb-src http://mirror.example/debian bookworm main
deb\thttp://mirror.example/debian-security\tbookworm-security\tmain
deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] https://other.example/debian/ bookworm main
#deb http://old.example/debian bookworm main
deb [ enabled=no ] http://off.example/debian bookworm main
deb http://broken.example/debian bookworm
"""

_DEB822 = """\
# The base system
Types: deb deb-src
URIs: http://first.example/debian http://second.example/debian/
Suites: bookworm bookworm-updates
#Suites: bullseye
Components: main non-free-firmware
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://first.example/debian-security
Suites: bookworm-security
Components: main

types: deb
uris: http://off.example/debian
suites: bookworm
components: main
enabled: no

Types: deb-src
URIs: http://source.example/debian
Suites: bookworm
Components: main
"""


def uris(sources: list[Source]) -> list[str]:
    return [uri for source in sources for uri in source.uris]


def source(uri: str, suite: str = "bookworm", component: str = "main", signed_by: str = "") -> Source:
    return Source(uris=(uri,), suites=(suite,), components=(component,), signed_by=signed_by)


def test_one_line_style_is_read_with_options_and_comments() -> None:
    found = parse_one_line(_ONE_LINE)
    assert found == [
        Source(uris=("http://mirror.example/debian",), suites=("bookworm",), components=("main", "contrib")),
        source("http://mirror.example/debian-security", "bookworm-security"),
        source("https://other.example/debian/", signed_by="/usr/share/keyrings/debian-archive-keyring.gpg"),
    ]


def test_deb822_style_is_read_with_several_uris_and_disabled_stanzas() -> None:
    found = parse_deb822(_DEB822)
    assert uris(found) == [
        "http://first.example/debian",
        "http://second.example/debian/",
        "http://first.example/debian-security",
    ]
    assert found[0].suites == ("bookworm", "bookworm-updates")
    assert found[0].signed_by == "/usr/share/keyrings/debian-archive-keyring.gpg"


@pytest.mark.parametrize("text", [_ONE_LINE, _DEB822])
def test_security_archive_is_not_the_main_archive(text: str) -> None:
    found = debian_archives(parse_one_line(text) + parse_deb822(text))
    assert len(found) == 2
    assert not any("security" in uri for uri in uris(found))


def test_key_written_into_a_stanza_survives() -> None:
    key = "\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n -----END PGP PUBLIC KEY BLOCK-----"
    text = f"Types: deb\nURIs: http://first.example/debian\nSuites: stable\nComponents: main\nSigned-By:{key}\n"
    (found,) = parse_deb822(text)
    again = parse_deb822(render(found, suite="trixie", architecture="amd64", keyring=None))
    assert again[0].signed_by.split() == key.split()
    assert again[0].suites == ("trixie",)


@pytest.mark.parametrize(
    "third_party",
    [
        pytest.param(source("https://vendor.example/linux/debian", component="stable"), id="no main"),
        pytest.param(source("https://apt.example", signed_by="/etc/apt/keyrings/hashi.gpg"), id="main of its own"),
        pytest.param(source("https://vendor.example/pub/repos/apt", "bookworm-pgdg"), id="suite of its own"),
        pytest.param(source("http://mirror.example/debian", "bookworm-backports"), id="backports only"),
        pytest.param(source("http://mirror.example/ubuntu", "noble"), id="another distribution"),
        pytest.param(source("cdrom:[Debian 12]/debian"), id="a disc"),
    ],
)
def test_third_parties_are_skipped(third_party: Source) -> None:
    assert debian_archives([third_party]) == []


@pytest.mark.parametrize(
    "uri",
    [
        "http://mirror.example/debian",
        "http://mirror.example/debian/",
        "https://proxy.example/apt/debian",
        "mirror+file:///etc/apt/mirrors/debian.list",
        "http://snapshot.example/archive/debian/20250520T000000Z",
        "http://snapshot.example/archive/debian/20250520T000000Z/",
        "file:///srv/mirror/debian",
    ],
)
def test_debian_mirrors_are_known_by_their_path(uri: str) -> None:
    assert uris(debian_archives([source(uri)])) == [uri]


def test_mirror_with_a_key_of_its_own_is_tried_last() -> None:
    strange = source("http://a.example/debian", signed_by="/etc/apt/keyrings/company.gpg")
    plain = source("http://b.example/debian")
    assert debian_archives([strange, plain]) == [plain, strange]


def test_each_address_is_tried_once() -> None:
    assert len(debian_archives([source("http://a.example/debian"), source("http://a.example/debian")])) == 1


def test_both_styles_of_one_machine_are_joined(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text(_ONE_LINE)
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d" / "debian.sources").write_text(_DEB822)
    (tmp_path / "sources.list.d" / "off.sources.disabled").write_text("Types: deb\nURIs: http://x/debian\n")
    assert len(debian_archives(machine_sources(tmp_path))) == 4


def test_machine_without_sources_has_none(tmp_path: Path) -> None:
    assert machine_sources(tmp_path) == []


def test_stanza_is_limited_to_what_is_needed() -> None:
    keyring = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    text = render(source("http://a.example/debian"), suite="trixie", architecture="arm64", keyring=keyring)
    assert text.splitlines() == [
        "Types: deb",
        "URIs: http://a.example/debian",
        "Suites: trixie",
        "Components: main",
        "Architectures: arm64",
        "Targets: Packages",
        f"Signed-By: {keyring}",
    ]
