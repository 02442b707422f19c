# Read by ./run and ./test: makes .venv from a lock file.  Needs python 3.11 or later and pip.
#
# prepare_environment LOCK STAMP: installs LOCK and the project unless STAMP says that it was done
# with the same lock, at the same place, with the same Python.

find_python() {
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return 0
        fi
    done
    echo "seatwright needs Python 3.11 or later, and none was found. Install it, then run this again." >&2
    return 1
}

make_venv() {
    if [ -x .venv/bin/python ] && .venv/bin/python -c '' 2>/dev/null &&
        [ "$(cat .venv/place 2>/dev/null)" = "$PWD" ]; then
        return 0
    fi
    # A checkout that was moved or copied has an environment that points to the old place.
    rm -rf .venv
    "$1" -m venv --without-pip .venv
    echo "$PWD" >.venv/place
}

install_with_pip() {
    "$1" -m pip --version >/dev/null 2>&1 || {
        echo "seatwright sets itself up with pip, and '$1 -m pip' does not work. Install pip (Debian: apt-get install python3-pip), then run this again." >&2
        return 1
    }
    "$1" -m pip --python .venv/bin/python install --quiet --disable-pip-version-check \
        --require-hashes --requirement "$2"
}

install_lock() {
    # uv does not read pip's configuration; the one setting that matters is handed over.
    if [ -n "${PIP_INDEX_URL:-}" ] && [ -z "${UV_DEFAULT_INDEX:-}" ]; then
        UV_DEFAULT_INDEX=$PIP_INDEX_URL
        export UV_DEFAULT_INDEX
    fi
    .venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes \
        --requirement "$2" && return 0
    echo "uv could not install; trying again with pip." >&2
    install_with_pip "$1" "$2"
}

prepare_environment() {
    wanted="$PWD $(cat "$1" requirements-build.lock pyproject.toml | cksum)"
    if [ "$(cat ".venv/$2" 2>/dev/null)" = "$wanted" ] && .venv/bin/python -c '' 2>/dev/null; then
        return 0
    fi
    python=$(find_python)
    echo "Setting seatwright up in .venv: once, for about a minute." >&2
    UV_PYTHON_DOWNLOADS=never
    export UV_PYTHON_DOWNLOADS
    make_venv "$python"
    install_with_pip "$python" requirements-build.lock
    install_lock "$python" "$1"
    .venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation \
        --offline --editable .
    echo "$wanted" >".venv/$2"
}
