#!/bin/sh
# Lays out the root file system of the image in a folder: the program, its packages, Node.js, and the shared libraries
# they need. Nothing else is in the image, no shell either. The Dockerfile runs this on its build stage, and a test runs
# it on the machine of the test and starts what it made.
#
#   docker/tree.sh FOLDER     the folder is made, and must be empty
#
# It wants `npm ci` and `npm run build` done, and a glibc system.
set -eu

[ $# -eq 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
mkdir -p "$1"
root=$(cd "$1" && pwd)
[ -z "$(ls -A "$root")" ] || { echo "$0: $root is not empty" >&2; exit 1; }
cd "$(dirname "$0")/.."
program=$root/opt/openanomaly

# The program, without what only developers read.
mkdir -p "$program/grafana" "$program/models"
cp -R dist config rules proto package.json LICENSE "$program/"
cp -R grafana/dashboards grafana/provisioning "$program/grafana/"
find models -maxdepth 1 -type f -exec cp {} "$program/models/" \;

# Its packages, as the lock file has them, without those of development.
npm ls --omit=dev --all --parseable 2>/dev/null | sed -n "s|^$(pwd)/\(node_modules/.*\)|\1|p" | sort -u |
  while read -r package; do
    case $package in */node_modules/*/node_modules/*) continue ;; esac # comes with the package around it
    mkdir -p "$program/$(dirname "$package")"
    cp -R "$package" "$program/$(dirname "$package")/"
  done
find "$program/node_modules" -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete

# The ONNX runtime brings every platform's library; one is needed.
arch=$(node -p process.arch)
for platform in "$program"/node_modules/onnxruntime-node/bin/napi-*/*/*; do
  [ -d "$platform" ] || continue
  case $platform in */linux/"$arch") ;; *) rm -rf "$platform" ;; esac
done

# Node.js.
mkdir -p "$root/usr/local/bin"
cp "$(node -p process.execPath)" "$root/usr/local/bin/node"
chmod 755 "$root/usr/local/bin/node"

# The shared libraries, where the loader looks for them.
{
  ldd "$root/usr/local/bin/node"
  find "$program/node_modules" -type f \( -name '*.node' -o -name '*.so' -o -name '*.so.*' \) -exec ldd {} \;
} | sed -n 's|.*=> \(/[^ ]*\) (.*|\1|p; s|^[[:space:]]*\(/[^ ]*\) (.*|\1|p' | sort -u |
  while read -r library; do
    case $library in "$program"/*) continue ;; esac # lies beside who needs it
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
  done
for package in libc6 libstdc++6 libgcc-s1; do
  for notice in /usr/share/doc/"$package"/copyright; do
    [ -f "$notice" ] || continue
    mkdir -p "$root/usr/share/doc/$package"
    cp -L "$notice" "$root/usr/share/doc/$package/"
  done
done

# A user without rights, how names are looked up, and the only folders that anything is written to.
mkdir -p "$root/etc/openanomaly" "$root/var/lib/openanomaly" "$root/tmp"
echo 'nonroot:x:65532:65532:nonroot:/nonexistent:/nonexistent' >"$root/etc/passwd"
echo 'nonroot:x:65532:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
chmod 1777 "$root/tmp"
chmod 700 "$root/var/lib/openanomaly"
[ "$(id -u)" != 0 ] || chown 65532:65532 "$root/var/lib/openanomaly"
# Whoever runs it only reads the rest.
chmod -R go+rX,go-w "$program"
