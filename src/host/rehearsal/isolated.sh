#!/bin/sh
# isolated.sh --net|with-network COMMAND...: in namespaces of its own for mounts, processes and (--net) the network, made by the caller:
# loopback and nothing else to talk to, no process of others to signal, the live database not to be written, and no way to the programs
# that start and stop things for this machine.
set -eu
PROGRAMS=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=../common.sh
. "$PROGRAMS/common.sh"
network=$1
shift
if [ "$network" != --net ]; then
  :
elif command -v ip >/dev/null 2>&1; then
  ip link set lo up
else
  # SIOCGIFFLAGS, SIOCSIFFLAGS
  /usr/bin/python3 -I -c '
import fcntl, socket, struct
request = struct.pack("16sh14s", b"lo", 0, b"")
with socket.socket() as probe:
    flags = struct.unpack("16sh", fcntl.ioctl(probe, 0x8913, request)[:18])[1]
    fcntl.ioctl(probe, 0x8914, struct.pack("16sh14s", b"lo", flags | 1, b""))'
fi
mount -t proc proc /proc 2>/dev/null || :
for socket in /run/docker.sock /run/podman/podman.sock /run/containerd/containerd.sock /run/dbus/system_bus_socket /run/systemd/private; do
  [ ! -S "$socket" ] || mount --bind /dev/null "$socket"
done
for file in "$DATABASE_PATH" "$DATABASE_PATH-wal" "$DATABASE_PATH-shm"; do
  [ -f "$file" ] || continue
  mount --bind "$file" "$file"
  mount -o remount,bind,ro "$file"
done
exec "$@"
