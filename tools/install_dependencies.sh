#!/bin/sh
# Installs the Debian 12 packages that the named groups need and that are not there yet.
#
#   tools/install_dependencies.sh GROUP...     groups: build python test clients arm64 lint fuzz bench all
#   tools/install_dependencies.sh --list GROUP...   only prints the packages
#
# This is the one list of packages; cmake/Dependencies.cmake names the same ones beside each lookup.
# Does nothing, and needs no privileges, when everything is installed. Otherwise it must run as root or
# find sudo.
set -eu

packages_of() {
  case "$1" in
    build)
      echo g++ cmake make ninja-build ccache git ca-certificates curl
      echo libboost1.81-dev libsimdjson-dev libfmt-dev libspdlog-dev libpcre2-dev libnghttp2-dev libssl-dev
      ;;
    python) echo python3 python3-venv ;;
    test) packages_of build && packages_of python && echo libgtest-dev libgmock-dev ;;
    clients)
      # A Node from elsewhere will do; Debian's npm would pull in hundreds of packages beside it.
      packages_of build && packages_of python && echo chromium chromium-driver
      if ! command -v node >/dev/null || ! command -v npm >/dev/null; then echo nodejs npm; fi
      ;;
    arm64) packages_of test && echo g++-aarch64-linux-gnu qemu-user-static ;;
    lint) packages_of test && packages_of python && echo clang-format-14 ;;
    fuzz) packages_of build && echo clang-14 libclang-rt-14-dev ;;
    bench) packages_of build && packages_of python && echo wrk ;;
    all) for group in test clients arm64 lint fuzz bench; do packages_of "$group"; done ;;
    *)
      echo "install_dependencies.sh: unknown group '$1' (build python test clients arm64 lint fuzz bench all)" >&2
      return 1
      ;;
  esac
}

list_only=false
if [ "${1:-}" = --list ]; then
  list_only=true
  shift
fi
if [ $# -eq 0 ]; then
  sed -n '2,9s/^# \{0,1\}//p' "$0"
  exit 2
fi

wanted=
for group in "$@"; do
  wanted="$wanted $(packages_of "$group")" || exit 2
done
wanted=$(printf '%s\n' $wanted | sort -u)
if $list_only; then
  printf '%s\n' $wanted
  exit 0
fi

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "install_dependencies.sh: this is not a Debian system (no dpkg or apt-get). Install the likes of:" >&2
  printf '  %s\n' $wanted >&2
  exit 1
fi

missing=
for package in $wanted; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "Installing:$missing"
if [ "$(id -u)" -eq 0 ]; then
  as_root=
elif command -v sudo >/dev/null; then
  as_root=sudo
else
  echo "install_dependencies.sh: these packages are missing and neither root nor sudo is at hand. As root:" >&2
  echo "  apt-get update && apt-get install -y --no-install-recommends$missing" >&2
  exit 1
fi

# A broken third-party source must not stop the installation of Debian's own packages.
$as_root apt-get update -q || echo "install_dependencies.sh: apt-get update failed; trying with the lists at hand" >&2
$as_root env DEBIAN_FRONTEND=noninteractive \
  apt-get install -q -y --no-install-recommends $missing </dev/null
