#!/usr/bin/env bash
# Builds the image and runs the fleet of docker-compose.yml, demonstration included, on a real Docker engine:
# a minute of the demonstration must be served by the api, --scale must share the jobs, and a folder that cannot be written
# must be refused clearly. Needs root; takes some ten minutes the first time. Run it before a change of the Docker files lands.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
. tests/docker/engine.sh

say() { printf '%s  %s\n' "$(date -u +%H:%M:%S)" "$*"; }
fail() { say "FAILED: $*"; exit 1; }

export NVR_LOG_LEVEL=debug NVR_CONFIG_NAME=nvr.demo.json NVR_PORT=${NVR_PORT:-18080}
compose() { docker-compose --project-name hindsight-test --profile demo "$@"; }
api() { curl --silent --show-error --fail "http://127.0.0.1:$NVR_PORT$1"; }

clean_up() {
  compose down --volumes --timeout 40 >/dev/null 2>&1 || true
  stop_engine
}

install_engine
say "starting the engine"
start_engine
trap clean_up EXIT
import_base_images
say "building"
DOCKER_BUILDKIT=0 $docker build --quiet --network=host --tag hindsight . >/dev/null
say "built: $($docker image inspect hindsight --format '{{.Size}}' | awk '{printf "%.0f MB", $1 / 1e6}') with its base of $($docker image inspect "$(sed -n 's/^FROM \(\S*\).*/\1/p' Dockerfile | head -1)" --format '{{.Size}}' | awk '{printf "%.0f MB", $1 / 1e6}')"

say "bringing it up with three converters"
compose up --detach --no-build --scale converter=3 2>&1 | tail -3
minute=
for _ in $(seq 120); do
  sleep 2
  minute=$(api "/api/1/cameras/$(date -u +%Y%m%d)?camera_ids=demo-garden" 2>/dev/null | grep -o '"min":"[0-9.]*"' | cut -d'"' -f4) || true
  [ -n "$minute" ] && break
done
[ -n "$minute" ] || { compose logs --tail 20; fail "no minute within four minutes"; }
say "first minute: $minute"
api "/api/1/camera/demo-garden.preview.$minute.mp4" >"$work/minute.mp4"
ffprobe -v warning -show_entries stream=codec_name,width,height,nb_frames -of csv=p=0 "$work/minute.mp4" >"$work/probe" 2>&1
say "ffprobe on the minute served: $(cat "$work/probe")"
grep -q '^h264,1280,720,' "$work/probe" || fail "the minute is not what the demonstration sent"

say "waiting for three more minutes, for all converters to have had a job"
sleep 190
for index in 1 2 3; do
  count=$(compose logs --no-color converter 2>/dev/null | grep "^converter_$index " | grep -c "frames from" || true)
  say "converter $index: $count minutes"
done
shares=$(compose logs --no-color converter 2>/dev/null | grep "frames from" | cut -d' ' -f1 | sort -u | wc -l)
[ "$shares" -ge 2 ] || fail "the jobs were not shared: $shares converter worked"

say "health: $(compose ps | grep -c '(healthy)') of $(compose ps | tail -n +3 | grep -vc simulator) are healthy"
[ "$($docker ps --filter health=unhealthy --quiet | wc -l)" -eq 0 ] || { compose ps; fail "a service is unhealthy"; }
$docker exec hindsight-test_recorder_1 id -u | grep -qx 1000 || fail "the recorder does not run as user 1000"

say "what a container may"
inside() { $docker exec "hindsight-test_$1_1" "${@:2}"; }
for service in redis recorder converter reaper api; do
  status=$(inside "$service" cat /proc/1/status)
  grep -q '^CapEff:\s*0*$' <<<"$status" && grep -q '^NoNewPrivs:\s*1$' <<<"$status" || fail "$service has rights of root"
  ! inside "$service" touch /usr/x 2>/dev/null || fail "$service can write in its image"
done
[ "$(inside redis grep -c : /proc/net/dev)" -eq 1 ] || fail "Redis has a network"
! inside recorder ls /run/redis/appendonlydir 2>/dev/null || fail "a service can read the files of Redis"
open=$(inside recorder find /recordings -perm /007)
[ -z "$open" ] || fail "other users may read $open"
inside recorder test -s /recordings/.nvr.demo.json.last-good || fail "the last good configuration is not kept"

say "a folder that the user cannot write"
mkdir -p "$work/refused" && chown root:root "$work/refused" && chmod 755 "$work/refused"
compose stop recorder >/dev/null 2>&1
NVR_RECORDINGS=$work/refused compose run --rm -T --no-deps recorder >"$work/refused.log" 2>&1 & run_pid=$!
sleep 8
$docker ps --filter name=recorder_run --quiet | xargs -r $docker stop --time 5 >/dev/null
wait "$run_pid" || true
grep -im1 'cannot.*writ\|permission' "$work/refused.log" || { cat "$work/refused.log"; fail "no clear refusal"; }

say "taking it down"
compose down --volumes --timeout 40 2>&1 | tail -1
say "passed"
