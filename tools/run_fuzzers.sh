#!/bin/sh
# Runs every fuzz target of a build folder for some seconds each, as many at once as there are cores.
#
#   tools/run_fuzzers.sh BUILD_FOLDER [SECONDS]
#
# Starts from the seeds in tests/fuzz/corpus/<target>/ and keeps what it finds in <build>/found/<target>/. Exits 1 when
# a target crashes, leaks, hangs or eats memory; the input that did it then lies in <build>/crashes/.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "$1" && pwd)
seconds=${2:-60}
cores=$(nproc)
cd "$root"  # where the targets look for their files

run_one() {
  name=$(basename "$1")
  mkdir -p "$build/found/$name" "$build/crashes"
  seeds="$root/tests/fuzz/corpus/$name"
  [ -d "$seeds" ] || seeds=
  dictionary="$root/tests/fuzz/$name.dict"
  [ -f "$dictionary" ] && dictionary="-dict=$dictionary" || dictionary=
  log="$build/$name.log"
  if "$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=1 \
      -artifact_prefix="$build/crashes/$name-" $dictionary "$build/found/$name" $seeds >"$log" 2>&1; then
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    echo "fuzz: $name: $runs runs in $seconds s, no findings"
  else
    tail -n 60 "$log"
    echo "fuzz: $name FAILED; the whole output is in $log"
    return 1
  fi
}

if [ "${3:-}" ]; then  # internal: one target
  run_one "$3"
  exit
fi

targets=$(find "$build" -maxdepth 1 -type f -perm -u+x -name '*_fuzz' | sort)
if [ -z "$targets" ]; then
  echo "run_fuzzers.sh: no fuzz targets in $build" >&2
  exit 1
fi
# shellcheck disable=SC2086
printf '%s\n' $targets | xargs -P "$cores" -n 1 "$root/tools/run_fuzzers.sh" "$build" "$seconds"
