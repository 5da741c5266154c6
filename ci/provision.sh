#!/usr/bin/env bash
# Makes this machine able to run every test: the tools, a Docker engine, the images. Idempotent; what is
# there already is left alone. `npm ci` comes first: the images take Node.js from it.
#
# It installs packages and starts a Docker engine only as root on Debian with CI=true. Otherwise it names
# what is missing, with the command, and fails.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH=$PATH:/usr/sbin:/sbin

NODE_IMAGE=node:24-bookworm-slim
TOXIPROXY_VERSION=2.12.0
TOXIPROXY_IMAGE=ghcr.io/shopify/toxiproxy:$TOXIPROXY_VERSION
NODE_IMAGE_PACKAGES=base-files,base-passwd,bash,coreutils,dash,findutils,grep,libc-bin,libstdc++6,sed,tzdata,util-linux
QEMU_IMAGE=resilver-target-qemu:bookworm
GLUSTER_IMAGE=resilver-target-gluster:bookworm
PULL_SECONDS=30
# A program that each of these packages brings.
TOOL_PACKAGES=(
  chromium:chromium e2fsck:e2fsprogs fio:fio nbdinfo:libnbd-bin nbdfuse:nbdfuse nbdkit:nbdkit openssl:openssl
  qemu-img:qemu-utils qemu-storage-daemon:qemu-system-common
  sqlite3:sqlite3 mount:mount
)

say() { printf 'provision: %s\n' "$*"; }
fail() {
  printf 'provision: %s\n' "$@" >&2
  exit 1
}

work=$(mktemp -d)
cleanup() {
  local job
  for job in $(jobs -p); do kill "$job" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT

may_install() { [ "$(id -u)" = 0 ] && [ "${CI:-}" = true ] && [ -e /etc/debian_version ]; }
engine_answers() { timeout 20 docker info >/dev/null 2>&1; }
has_image() { docker image inspect "$1" >/dev/null 2>&1; }

# Debian packages, all in one go, because each call of apt-get costs seconds.
install_packages() {
  local missing=() entry
  for entry in "${TOOL_PACKAGES[@]}"; do
    command -v "${entry%%:*}" >/dev/null || missing+=("${entry#*:}")
  done
  # Debian keeps the server outside of PATH.
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
  if ! engine_answers && ! command -v dockerd >/dev/null; then
    missing+=(docker.io)
    # A machine that has had no engine has no images, and may be unable to pull them.
    command -v mmdebstrap >/dev/null || missing+=(mmdebstrap)
  fi
  [ ${#missing[@]} -gt 0 ] || return 0
  may_install || fail "missing: ${missing[*]}" "remedy: apt-get install ${missing[*]}" \
    "or, to let this script do it, as root on Debian: CI=true ci/provision.sh"
  say "installing ${missing[*]}"
  apt_install "${missing[@]}"
}

apt_install() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq >"$work/apt" 2>&1 &&
    apt-get install -y -qq --no-install-recommends "$@" >"$work/apt" 2>&1 ||
    fail "apt-get failed:" "$(tail -n 20 "$work/apt")"
}

start_engine() {
  if engine_answers; then return; fi
  may_install || fail "no Docker engine answers" "remedy: start Docker; is this user in the group docker?" \
    "or, to let this script do it, as root on Debian: CI=true ci/provision.sh"
  say "starting the Docker engine"
  if [ -d /run/systemd/system ]; then
    systemctl start docker
  else
    # What a killed engine left behind would keep the next one from starting.
    if ! pgrep -x dockerd >/dev/null; then rm -f /var/run/docker.pid; fi
    setsid dockerd >/var/log/dockerd.log 2>&1 </dev/null &
    disown
  fi
  local tries=0
  until engine_answers; do
    tries=$((tries + 1))
    [ "$tries" -lt 150 ] || fail "the Docker engine did not start:" "$(tail -n 20 /var/log/dockerd.log 2>/dev/null)"
    sleep 0.2
  done
}

# What is made here says what it was made of; what was pulled says nothing, and is current.
recipe() { printf '%s ' "$1" "$(node_modules/.bin/node --version)" | sha256sum | cut -c1-12; }
recipe_of() { docker image inspect --format '{{ index .Config.Labels "resilver.recipe" }}' "$1" 2>/dev/null; }
# @param $2 the packages it is to have
is_current() {
  local made_of
  made_of=$(recipe_of "$1")
  [ -z "$made_of" ] || [ "$made_of" = "$(recipe "$2")" ]
}

# Pulls the image $1 or, where that cannot be done, makes one of the same name with $2.
provide_image() {
  local image=$1 make=$2
  if has_image "$image" && is_current "$image" "$NODE_IMAGE_PACKAGES"; then
    say "$image: there"
  elif timeout "$PULL_SECONDS" docker pull -q "$image" >/dev/null 2>"$work/$make"; then
    say "$image: pulled"
  else
    say "$image: cannot be pulled ($(tail -n 1 "$work/$make" | cut -c1-120)); making it here"
    "$make"
    say "$image: made"
  fi
}

make_node_image() { make_debian_image "$NODE_IMAGE" "$NODE_IMAGE_PACKAGES"; }

# Debian with the packages $2 as the image $1: extracted but not configured, which is quick and enough for programs
# that need their libraries; and the Node.js that `npm ci` brought. A user 1000 as the published image has it.
make_debian_image() {
  local image=$1 packages=$2 node=node_modules/node/bin/node
  local folder=$work/${1//[:\/]/-}
  local root=$folder/root base=$folder/base.tar
  mkdir "$folder"
  [ -x "$node" ] || fail "$node is missing" "remedy: npm ci"
  if ! command -v mmdebstrap >/dev/null; then
    may_install || fail "mmdebstrap is missing" "remedy: apt-get install mmdebstrap"
    apt_install mmdebstrap
  fi
  mmdebstrap --quiet --variant=extract \
    --include="$packages" \
    bookworm "$base" http://deb.debian.org/debian 2>"$folder/mmdebstrap" ||
    fail "mmdebstrap failed:" "$(tail -n 20 "$folder/mmdebstrap")"
  mkdir -p "$root/usr/local/bin" "$root/etc" "$root/home/node"
  install -m 755 "$node" "$root/usr/local/bin/node"
  tar -xf "$base" -C "$folder" ./usr/share/base-passwd
  cp "$folder/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
  cp "$folder/usr/share/base-passwd/group.master" "$root/etc/group"
  echo "node:x:1000:1000::/home/node:/bin/bash" >>"$root/etc/passwd"
  echo "node:x:1000:" >>"$root/etc/group"
  # Files only: the engine refuses an archive that holds a folder twice.
  tar -rf "$base" -C "$root" --owner=0 --group=0 ./usr/local/bin/node ./etc/passwd ./etc/group
  tar -rf "$base" -C "$root" --owner=1000 --group=1000 ./home/node
  docker import --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    --change "ENV NODE_VERSION=$("$node" -p process.versions.node)" --change 'CMD ["node"]' \
    --change "LABEL resilver.recipe=$(recipe "$packages")" \
    "$base" "$image" >/dev/null
}

# The image $1 of the nodes of an outside target: the image of Node.js, and the packages $3 as well, which the file
# ci/docker/target-$2.Dockerfile names for a machine that pulls its images.
provide_target_image() {
  local image=$1 target=$2 packages=$NODE_IMAGE_PACKAGES,$3
  if has_image "$image" && is_current "$image" "$packages"; then
    say "$image: there"
  elif [ -z "$(recipe_of "$NODE_IMAGE")" ]; then
    docker build -q -t "$image" - <"ci/docker/target-$target.Dockerfile" >/dev/null 2>"$work/$target" ||
      fail "docker build failed:" "$(cat "$work/$target")"
    say "$image: built"
  else
    make_debian_image "$image" "$packages"
    say "$image: made"
  fi
}

# The longest step, begun before packages are installed where the image will not be had otherwise.
build_toxiproxy_early() {
  if has_image "$TOXIPROXY_IMAGE" || ! command -v go >/dev/null; then return; fi
  if timeout 5 bash -c '</dev/tcp/ghcr.io/443' 2>/dev/null; then return; fi
  build_toxiproxy &
  toxiproxy_build=$!
}

build_toxiproxy() {
  local context=$work/toxiproxy
  mkdir -p "$context"
  # A lazy garbage collector in the compiler saves a quarter of the time.
  GOGC=400 CGO_ENABLED=0 GOBIN=$context go install -trimpath \
    -ldflags "-s -w -X github.com/Shopify/toxiproxy/v2.Version=$TOXIPROXY_VERSION" \
    "github.com/Shopify/toxiproxy/v2/cmd/server@v$TOXIPROXY_VERSION" 2>"$work/go" ||
    fail "go install failed:" "$(tail -n 20 "$work/go")"
}

# As the published image: the static server alone.
make_toxiproxy_image() {
  command -v go >/dev/null || fail "Go 1.23 or later is missing, to build Toxiproxy" "remedy: https://go.dev/dl"
  local context=$work/toxiproxy
  if [ -n "$toxiproxy_build" ]; then wait "$toxiproxy_build"; else build_toxiproxy; fi
  docker build -q -t "$TOXIPROXY_IMAGE" -f ci/docker/toxiproxy.Dockerfile "$context" >/dev/null 2>"$work/build" ||
    fail "docker build failed:" "$(cat "$work/build")"
}

toxiproxy_build=""
build_toxiproxy_early
install_packages
start_engine
provide_image "$NODE_IMAGE" make_node_image
provide_target_image "$QEMU_IMAGE" qemu qemu-system-common &
qemu_image=$!
provide_target_image "$GLUSTER_IMAGE" gluster glusterfs-common,glusterfs-client,nbdkit,nbdkit-plugin-python &
gluster_image=$!
provide_image "$TOXIPROXY_IMAGE" make_toxiproxy_image
npm run -s build:images | while read -r built; do say "$built: built"; done
wait "$qemu_image"
wait "$gluster_image"
say "done in $SECONDS s"
