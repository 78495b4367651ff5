#!/bin/sh
# One emulated host, in a mount namespace of its own: whatever ends it, its mounts end with it.
# Arguments: name, lower, folder (upper, work, root), bridge, cgroup folders separated by ':', and
# what else it sees read-only, as nspawn's --bind-ro takes it.
set -eu
name=$1 lower=$2 folder=$3 bridge=$4 groups=$5
shift 5
for seen in "$@"; do
  shift
  set -- "$@" "--bind-ro=$seen"
done

mkdir -p /run/systemd/nspawn
mount -t tmpfs tmpfs /run/systemd/nspawn
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$folder/upper,workdir=$folder/work" "$folder/root"

# a tunnel by a program (WireGuard's, where the kernel has none) needs it; it makes nothing but in the host's network
if [ -c /dev/net/tun ]; then set -- "$@" --bind=/dev/net/tun; fi

boot() {
  (
    IFS=:
    for group in $groups; do echo 0 >"$group/cgroup.procs"; done # 0: whoever writes
    exec systemd-nspawn --quiet --boot --register=no --keep-unit --suppress-sync=yes --link-journal=no \
      --console=read-only --settings=no --resolv-conf=off --timezone=off \
      --network-bridge="$bridge" --machine="$name" \
      "$@" --directory="$folder/root"
  ) &
  nspawn=$!
  # the bridge passes jumbo frames, whatever the hosts have on their own side
  while kill -0 "$nspawn" 2>/dev/null; do
    if ip link set dev "vb-$name" mtu 9216 2>/dev/null; then break; fi
    sleep 0.1
  done
}

# TERM asks the host to shut down in order, as a press on its power button does.
stopping=
# it may have ended by itself already
trap 'stopping=1; kill -TERM "$nspawn" 2>/dev/null || true' TERM
boot "$@"
while :; do
  code=0
  wait "$nspawn" || code=$?
  if kill -0 "$nspawn" 2>/dev/null; then continue; fi # the trap woke us: the host is still going down
  # 133 is nspawn's word for a reboot asked for from within.
  if [ "$code" = 133 ] && [ -z "$stopping" ]; then boot "$@"; else exit 0; fi
done
