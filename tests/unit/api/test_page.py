"""The page: served as it was built, nothing inline, nothing from elsewhere, both languages complete."""

import gzip
import re
from importlib.resources import files
from pathlib import Path

import httpx

WEB = Path(str(files("service.web")))
DIST, SOURCE = WEB / "dist", WEB / "src"
INDEX = (DIST / "index.html").read_text("utf-8")
CLASSIC = {path.name: path.read_text("utf-8") for path in (SOURCE / "classic").glob("*.js")}
#: All that people wrote.
TEXTS = {path: path.read_text("utf-8") for path in SOURCE.rglob("*") if path.suffix in (".ts", ".js", ".vue", ".css")}
#: Gzip, of all scripts together; the wall loads a part of it.
MOST_BYTES = 400_000


async def test_what_was_built_is_served_without_a_key(anyone: httpx.AsyncClient) -> None:
    assert (await anyone.get("/")).text == INDEX
    for path in DIST.rglob("*"):
        if path.is_file() and path.suffix in (".js", ".css", ".svg", ".png"):
            answer = await anyone.get(f"/{path.relative_to(DIST).as_posix()}")
            assert (answer.status_code, answer.content) == (200, path.read_bytes()), path


async def test_files_with_their_hash_in_the_name_are_kept_and_the_page_is_asked_for_anew(
    anyone: httpx.AsyncClient,
) -> None:
    assert (await anyone.get("/")).headers["cache-control"] == "no-cache"
    (script,) = re.findall(r'src="(/assets/[^"]+\.js)"', INDEX)
    assert "immutable" in (await anyone.get(script)).headers["cache-control"]
    assert (await anyone.get("/src/main.ts")).status_code == 404
    assert (await anyone.get("/package.json")).status_code == 404


async def test_the_strict_policy_holds(anyone: httpx.AsyncClient) -> None:
    policy = (await anyone.get("/")).headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", INDEX)


def test_nothing_is_loaded_from_elsewhere() -> None:
    loads = re.compile(r"""(?:\bsrc=|url\(|import\(|\bfrom|fetch\()\s*["']?https?://""")
    for path in DIST.rglob("*"):
        if path.suffix in (".html", ".css", ".js"):
            assert not loads.search(path.read_text("utf-8")), path


def test_the_lock_holds_names_versions_and_hashes_and_no_addresses() -> None:
    lock = (WEB / "package-lock.json").read_text("utf-8")
    assert '"integrity": "sha512-' in lock
    assert "://" not in lock


def test_texts_are_never_read_as_html() -> None:
    for path, text in TEXTS.items():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|v-html", text), path


def test_the_page_is_light() -> None:
    size = sum(len(gzip.compress(path.read_bytes())) for path in DIST.rglob("*.js"))
    assert size < MOST_BYTES


def test_every_element_that_a_script_names_exists() -> None:
    page = (WEB / "index.html").read_text("utf-8")
    named = {one for text in CLASSIC.values() for one in re.findall(r'(?:\bat|getElementById)\("([\w-]+)"\)', text)}
    assert named
    assert named <= set(re.findall(r'\bid="([\w-]+)"', page))


def _words(language: str) -> set[str]:
    found: set[str] = set()
    for name in ("words.js", "emission_words.js"):
        block = re.search(rf"\n  {language}: {{(.*?)\n  }},", CLASSIC[name], re.DOTALL)
        assert block is not None
        found |= set(re.findall(r"(\w+):", re.sub(r'"[^"]*"|`[^`]*`', "''", block[1])))
    return found


def test_both_languages_say_everything() -> None:
    assert _words("zh") == _words("en")
    page = (WEB / "index.html").read_text("utf-8")
    used = set(re.findall(r'data-t="(\w+)"', page))
    used |= set(re.findall(r"\b(?:w|words\(\))\.(\w+)", "".join(CLASSIC.values())))
    assert used <= _words("zh")
