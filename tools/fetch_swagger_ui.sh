#!/bin/sh
# Puts the files of Swagger UI that the server has at /docs/ into a folder, compressed.
#
#   tools/fetch_swagger_ui.sh FOLDER
#
# They come from npm where that is installed, else from a PyPI package that carries the same files; each
# is checked against its sum below. Where neither can be had the folder stays without them, and the
# build makes a server with a plain page at /docs/ instead. Does nothing when the files are there.
set -eu

NPM_PACKAGE=swagger-ui-dist@5.34.0
PYPI_PACKAGE=fastapi-swagger==0.4.64
VERSION=swagger-ui-5.34.0
SUMS='3f6abf70480db7e07914df4c98a77385f22ea585eaf457a3e6415ba0eae2d167  swagger-ui-bundle.js
c3cfe8248c4b0b89673600fb829924eafbac6de4bc4b2b06f5f5243483074d0a  swagger-ui.css
3ed612f41e050ca5e7000cad6f1cbe7e7da39f65fca99c02e99e6591056e5837  favicon-32x32.png'

if [ $# -ne 1 ]; then
  sed -n '2,8s/^# \{0,1\}//p' "$0"
  exit 2
fi
folder=$1
[ "$(cat "$folder/VERSION" 2>/dev/null)" = "$VERSION" ] && exit 0

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

from_npm() {
  command -v npm >/dev/null || return 1
  npm pack --silent --fetch-retries=1 --fetch-timeout=30000 "$NPM_PACKAGE" >/dev/null 2>&1 || return 1
  tar -xzf swagger-ui-dist-*.tgz --strip-components=1
}

from_pypi() {
  python3 -m venv venv >/dev/null 2>&1 || return 1
  venv/bin/pip download --quiet --disable-pip-version-check --retries 1 --timeout 30 --no-deps --dest . "$PYPI_PACKAGE" \
    >/dev/null 2>&1 || return 1
  python3 -m zipfile -e fastapi_swagger-*.whl unpacked
  cp unpacked/fastapi_swagger/resources/* .
}

echo "==> Fetching $VERSION for /docs/"
if { from_npm || from_pypi; } && echo "$SUMS" | sha256sum --quiet --check; then
  echo "$SUMS" | while read -r _ name; do
    gzip -9 -n -c "$name" >"$folder/$name.gz"
  done
  echo "$VERSION" >"$folder/VERSION"
else
  echo "fetch_swagger_ui.sh: no Swagger UI: /docs/ will only list the routes" >&2
fi
