#!/usr/bin/env bash
# Makes everything the project needs, in its own directory and without touching the system:
#   setup.sh         the environment in .venv, the page, the embedded database and broker; skips what is up to date
#   setup.sh lock    requirements.lock anew from pyproject.toml: names, versions and hashes, no addresses
#   setup.sh clean   deletes all that set-up, demo and tests made
# Needs Python 3.11 or newer; python3-venv and pip are fetched from the machine's Debian archive if they are missing.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=$root/.venv
stamp=$venv/parkwatch-stamp
cache=$root/.cache
web=$root/service/web
cd "$root"
unset PIP_USER PIP_TARGET PIP_PREFIX

say() { printf '%s\n' "$*" >&2; }
fail() { say "set-up: $*"; exit 1; }

find_python() {
  local name
  for name in python3.11 python3.12 python3.13 python3 python3.14; do
    # Run, not only looked up: a name on the PATH may be a stand-in that only says what it lacks.
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      command -v "$name"
      return
    fi
  done
  fail "no Python 3.11 or newer (tried python3.11 to python3.14 and python3); on Debian: apt-get install python3"
}

# A link to a Python that is gone, or an environment that was moved (its programs know their place), is of no use.
venv_is_sound() {
  "$venv/bin/python" -c '' 2>/dev/null && grep -qF -- " $venv" "$venv/pyvenv.cfg"
}

make_venv() {
  local python
  python=$(find_python)
  rm -rf "$venv"
  say "Environment: $("$python" --version) in .venv"
  if "$python" -c 'import ensurepip' 2>/dev/null; then
    "$python" -m venv "$venv"
  else
    say "This Python comes without pip: fetching it"
    "$python" -m venv --without-pip "$venv"
    "$python" -m deploy.debian "$venv/pip" >/dev/null || { rm -rf "$venv"; exit 1; }
  fi
}

pip() {
  local wheels=("$venv"/pip/usr/share/python-wheels/pip-*.whl)
  if [ -e "${wheels[0]}" ]; then
    "$venv/bin/python" "${wheels[0]}/pip" --disable-pip-version-check "$@"
  else
    "$venv/bin/python" -m pip --disable-pip-version-check "$@"
  fi
}

# Bars on a terminal, one line a package elsewhere.
pip_install() {
  if [ -t 2 ]; then
    pip install "$@" >&2
  else
    pip install --progress-bar off "$@" | sed -n 's/^Collecting \([^ ]*\).*/  \1/p' >&2
  fi
}

what_it_was_made_of() {
  "$venv/bin/python" --version 2>/dev/null || true
  cat requirements.lock pyproject.toml | sha256sum
}

set_up_environment() {
  local started=$SECONDS
  if venv_is_sound && [ -x "$venv/bin/parkwatch" ] && [ "$(what_it_was_made_of)" = "$(cat "$stamp" 2>/dev/null)" ]; then
    say "Environment: up to date"
    return
  fi
  venv_is_sound || make_venv
  rm -f "$stamp"
  say "Dependencies: $(grep -c '==' requirements.lock) packages, each checked against its hash"
  pip_install --require-hashes --no-deps -r requirements.lock
  pip_install --no-build-isolation --no-deps --no-index -e .
  what_it_was_made_of >"$stamp"
  say "Environment: ready after $((SECONDS - started)) s"
}

# Node.js comes as a Python package, locked like the others: the machine needs none of its own.
node() {
  "$venv/bin/python" -m deploy.node "$@"
}

what_the_page_is_made_of() {
  (cd "$web" && cat package-lock.json ./*.ts ./*.html ../why.zh.json && find src public -type f ! -name '*.test.ts' -print0 | sort -z | xargs -0 cat) |
    sha256sum
}

set_up_page() {
  local started=$SECONDS
  if [ -f "$web/dist/index.html" ] && [ "$(what_the_page_is_made_of)" = "$(cat "$web/dist/stamp" 2>/dev/null)" ]; then
    say "Page: up to date"
    return
  fi
  if ! cmp -s "$web/package-lock.json" "$web/node_modules/.parkwatch-lock"; then
    say "Page: $(grep -c '"integrity"' "$web/package-lock.json") packages, each checked against its hash"
    (cd "$web" && node npm ci --no-progress --loglevel=error >&2)
    cp "$web/package-lock.json" "$web/node_modules/.parkwatch-lock"
  fi
  (cd "$web" && node vite build --logLevel warn >&2)
  what_the_page_is_made_of >"$web/dist/stamp"
  say "Page: ready after $((SECONDS - started)) s"
}

set_up() {
  exec 9<"$root"
  flock 9 # one at a time; the others then find the work done
  set_up_environment
  set_up_page
  "$venv/bin/python" -m deploy.embedded
}

lock() {
  local tools=$cache/lock
  venv_is_sound || set_up_environment
  [ -x "$tools/bin/pip-compile" ] || {
    "$venv/bin/python" -m venv "$tools" || fail "making the lock needs the package python3-venv"
    "$tools/bin/python" -m pip install --disable-pip-version-check --quiet pip-tools
  }
  say "Resolving pyproject.toml with all its extras"
  "$tools/bin/pip-compile" --quiet --all-extras --generate-hashes --strip-extras --allow-unsafe --upgrade \
    --no-header --no-annotate --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options \
    --output-file requirements.lock pyproject.toml
  ! grep -nE '://|^-' requirements.lock || fail "requirements.lock holds an address or an option; see above"
  say "requirements.lock: $(grep -c '==' requirements.lock) packages"
}

clean() {
  if venv_is_sound; then "$venv/bin/python" -m deploy.embedded --remove || true; fi
  rm -rf "$venv" .embedded .data "$cache" dist "$web/dist" "$web/node_modules" .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
  find . -name __pycache__ -type d -prune -exec rm -rf {} +
}

case ${1:-set_up} in
  set_up) set_up ;;
  lock) lock ;;
  clean) clean ;;
  *) fail "unknown task: $1" ;;
esac
