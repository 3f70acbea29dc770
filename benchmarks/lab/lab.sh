# Sourced by the commands of this folder: where state lives, how packages and chroots are made, how one process is told from another.
set -euo pipefail

# In a chroot of `ceph client -- COMMAND` daemons cannot be started rightly: go back out to the process that made it
if [ -n "${SYNC_LAB_OUTSIDE:-}" ] && [ -d "/proc/$SYNC_LAB_OUTSIDE" ]; then
  exec nsenter --target "$SYNC_LAB_OUTSIDE" --mount --root --wd="$PWD" -- /usr/bin/env -u SYNC_LAB_OUTSIDE "$(readlink -f "$0")" "$@"
fi

LAB_HOME=${SYNC_LAB_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/sync-lab}
LAB_COMMAND=$(basename "$0")
LAB_STARTED=$(date +%s%N)
# What enters the namespace that a program is to run in, if any
INSIDE=()

# Progress goes to stderr; stdout carries nothing but the key=value lines.
say() { local ms=$((($(date +%s%N) - LAB_STARTED) / 1000000)); printf '[%3d.%02ds] %s\n' $((ms / 1000)) $((ms % 1000 / 10)) "$*" >&2; }
die() { printf '%s: %s\n' "$LAB_COMMAND" "$*" >&2; exit 1; }

# die_with LOG MESSAGE...: the reason, then what the log says
die_with() {
  local log=$1; shift
  printf '%s: %s\n' "$LAB_COMMAND" "$*" >&2
  if [ -s "$log" ]; then printf -- '--- the end of %s\n' "$log" >&2; tail -n 20 "$log" >&2; fi
  exit 1
}

# Exit code 77: not a failure, this machine cannot carry the lab
cannot_run() { printf '%s: %s\n' "$LAB_COMMAND" "$*" >&2; exit 77; }
need_root() { [ "$(id -u)" = 0 ] || cannot_run "needs root: it installs packages, starts daemons and makes chroots"; }

# One lock a state folder. Descriptor 9 is closed for every daemon, or the lock would live as long as they do.
lock() {
  mkdir -p "$(dirname "$1")"
  exec 9>"$1"
  flock -w "${2:-900}" 9 || die "another call holds $1 since more than ${2:-900} s"
}

apt_install() {
  command -v apt-get >/dev/null || cannot_run "needs apt-get (Debian 12, 13 or Ubuntu) to install: $*"
  local log=$LAB_HOME/apt.log get=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3)
  mkdir -p "$LAB_HOME"
  say "installing $*"
  "${get[@]}" install -y --no-install-recommends "$@" >"$log" 2>&1 9>&- && return
  "${get[@]}" update >"$log" 2>&1 9>&- || die_with "$log" "apt-get update failed"
  "${get[@]}" install -y --no-install-recommends "$@" >"$log" 2>&1 9>&- || die_with "$log" "cannot install $*"
}

# The machine's own Debian mirror. Ubuntu machines name one in SYNC_LAB_DEBIAN_MIRROR.
debian_mirror() {
  local mirror=${SYNC_LAB_DEBIAN_MIRROR:-}
  [ -n "$mirror" ] || mirror=$(apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' | awk '$1 == "Debian" && $2 == "Debian" && !n++ {print $3}')
  [ -n "$mirror" ] || mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | awk '/\/debian\/?$/ && !n++')
  [ -n "$mirror" ] || cannot_run "no Debian mirror among this machine's apt sources; set SYNC_LAB_DEBIAN_MIRROR"
  echo "$mirror"
}

# make_chroot FOLDER SUITE PACKAGE... [-- mmdebstrap option...]: complete or absent, never half made
make_chroot() {
  local root=$1 suite=$2 log=$1.log packages=() options=() mirror
  shift 2
  while [ $# -gt 0 ] && [ "$1" != -- ]; do packages+=("$1"); shift; done
  [ $# = 0 ] || { shift; options=("$@"); }
  [ ! -d "$root" ] || return 0
  command -v mmdebstrap >/dev/null || apt_install mmdebstrap
  [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || apt_install debian-archive-keyring
  mirror=$(debian_mirror)
  mkdir -p "$(dirname "$root")"
  rm -rf --one-file-system "$root.part"
  say "making $root: $suite with ${packages[*]}"
  # No daemon is started by a package; python compiles on first use; no manuals. Old releases' indexes count as expired.
  # Its mounts too are its own: one that is killed leaves none behind
  unshare --mount --propagation private mmdebstrap --mode=root --variant=apt --skip=check/empty --include="$(IFS=,; echo "${packages[*]}")" \
    --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Check-Date "false"' --aptopt='Acquire::Languages "none"' \
    --aptopt='Acquire::Retries "3"' --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --essential-hook='printf "#!/bin/sh\nexit 101\n" >"$1/usr/sbin/policy-rc.d"; chmod 755 "$1/usr/sbin/policy-rc.d"' \
    --essential-hook='for x in py3compile py3clean; do chroot "$1" dpkg-divert --quiet --local --rename --divert /usr/bin/$x.real --add /usr/bin/$x; ln -sf /bin/true "$1/usr/bin/$x"; done' \
    "${options[@]}" "$suite" "$root.part" "deb $mirror $suite main" >"$log" 2>&1 9>&- || die_with "$log" "cannot make the chroot $root"
  mv "$root.part" "$root"
  say "made $root ($(du -smx "$root" | cut -f1) MB)"
}

# in_chroot ROOT FOLDER[=INSIDE]... -- COMMAND...: a FOLDER appears inside at its own path, or at INSIDE. The mounts live in a mount
# namespace of the command's own and end with its last process: nothing is ever left mounted, a chroot can be removed like any folder.
in_chroot() {
  local root=$1 binds=()
  shift
  while [ "$1" != -- ]; do binds+=("$1"); shift; done
  shift
  "${INSIDE[@]}" unshare --mount --propagation private /bin/bash -c '
    set -eu; root=$1; n=$2; shift 2
    for m in /proc /sys /dev; do mount --rbind $m "$root$m"; done
    for ((; n > 0; n--)); do mkdir -p "$root${1#*=}"; mount --rbind "${1%%=*}" "$root${1#*=}"; shift; done
    exec chroot "$root" "$@"' lab "$root" ${#binds[@]} "${binds[@]}" "$@"
}

# Waits for CONDITION... at most SECONDS; false when it did not come true
wait_for() {
  local end=$((SECONDS + $1)); shift
  until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.1; done
}

started_at() { awk '{print $22}' "/proc/$1/stat" 2>/dev/null; }
