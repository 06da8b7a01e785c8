#!/bin/sh
# Unpacks Debian's arm64 builds of the libraries that embd links into a folder, for cross-compiling.
#
#   tools/make_arm64_sysroot.sh FOLDER
#
# Nothing is installed: the system's own package lists and packages stay as they are, so that it does
# not matter which of them can be installed for two architectures at once. Needs no privileges. Does
# nothing when the folder is complete.
set -eu

packages="libfmt9 libfmt-dev libspdlog1.10 libspdlog-dev libsimdjson14 libsimdjson-dev libpcre2-32-0
  libpcre2-16-0 libpcre2-8-0 libpcre2-posix3 libpcre2-dev libnghttp2-14 libnghttp2-dev libssl3 libssl-dev
  libboost1.81-dev libgtest-dev libgmock-dev"

if [ $# -ne 1 ]; then
  sed -n '2,9s/^# \{0,1\}//p' "$0"
  exit 2
fi
mkdir -p "$1"
folder=$(cd "$1" && pwd)
# What the folder was made from: another list of packages makes it anew.
made_from="$folder/made_from"
[ "$(cat "$made_from" 2>/dev/null)" != "$packages" ] || exit 0

echo "Fetching arm64 packages into $folder"
rm -rf "$folder"
mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial" "$folder/debs" "$folder/root"
: >"$folder/apt/status"
apt_arm64() {
  apt-get -q \
    -o APT::Architecture=arm64 -o APT::Architectures=arm64 \
    -o Dir::State="$folder/apt" -o Dir::State::Lists="$folder/apt/lists" \
    -o Dir::State::status="$folder/apt/status" -o Dir::Cache="$folder/apt/cache" \
    -o APT::Sandbox::User=root "$@"
}
apt_arm64 update >/dev/null
(cd "$folder/debs" && apt_arm64 download $packages)
for deb in "$folder"/debs/*.deb; do
  dpkg-deb -x "$deb" "$folder/root"
done
rm -rf "$folder/apt" "$folder/debs"
printf '%s' "$packages" >"$made_from"
