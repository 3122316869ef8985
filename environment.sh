# Sourced by ./start and ./check: a virtual environment that holds exactly what a lock file says.

prepare() {
  local lock=$1 python=${PYTHON:-python3} stamp
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "tracker needs Python 3.11 or newer; name one with PYTHON=/path/to/python." >&2
    exit 1
  }
  [ -x .venv/bin/python ] || "$python" -m venv .venv
  stamp=.venv/$lock.installed
  if ! cmp -s "$lock" "$stamp"; then
    echo "Installing what $lock names into .venv (once) …"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
    cp "$lock" "$stamp"
  fi
}
