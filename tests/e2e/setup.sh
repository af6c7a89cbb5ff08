#!/bin/sh
# Make the Python environment of the end-to-end tests.
#
#   tests/e2e/setup.sh [DIR]      DIR defaults to tests/e2e/.venv
#
# Prints the interpreter to use. Does nothing when the environment is already
# there and was made from the same requirements.txt.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
venv=${1:-$here/.venv}
stamp=$venv/requirements.installed

if ! cmp -s "$here/requirements.txt" "$stamp"; then
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        --requirement "$here/requirements.txt" >&2
    cp "$here/requirements.txt" "$stamp"
fi
echo "$venv/bin/python"
