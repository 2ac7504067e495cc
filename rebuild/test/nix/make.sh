#!/bin/sh
# make.sh DIR: in DIR, which must not exist, everything to build the reference flake with real Nix
# and without a network: git repositories nixpkgs and nix-enclaver, stand-ins with static tools in
# them; app, the reference flake with a lock file and a program staged; cases, builds that fail. Lock
# files name DIR, which cannot be moved.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir "$1"
cd "$1"
top=$PWD
url=file://$top

HOME=$top/home
GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
# the same commits whoever makes them, and whenever
GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t.example GIT_AUTHOR_DATE='1700000000 +0000'
GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t.example GIT_COMMITTER_DATE='1700000000 +0000'
NIX_CONF_DIR=/dev/null NIX_USER_CONF_FILES=/dev/null
NIX_CONFIG='experimental-features = nix-command flakes
build-users-group =
substituters =
warn-dirty = false'
export HOME GIT_CONFIG_NOSYSTEM GIT_CONFIG_GLOBAL GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_AUTHOR_DATE \
	GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL GIT_COMMITTER_DATE NIX_CONF_DIR NIX_USER_CONF_FILES NIX_CONFIG
mkdir home

# commit DIR: everything in it, locked where it is a flake with inputs
commit() (
	cd "$1"
	[ -d .git ] || git init -q -b main
	git add .
	nix --store "$top/store" flake lock 2>"$top/lock.log" || {
		cat "$top/lock.log" >&2
		exit 1
	}
	git add .
	git commit -q -m "$1"
)

mkdir -p nixpkgs/tools/bin nix-enclaver app cases
cp "$here/nixpkgs/flake.nix" nixpkgs/
cp "$(command -v busybox)" nixpkgs/tools/busybox
"${CC:-gcc}" -O1 -static -o nixpkgs/tools/bin/eif_build "$here/eif_build.c" -lcrypto -lz 2>cc.log || {
	cat cc.log >&2
	exit 1
}
for tool in cat chmod cp cpio dd echo find gzip mkdir sh sleep sort tail touch; do
	ln -s ../busybox nixpkgs/tools/bin/$tool
done
sed "s|@NIXPKGS@|git+$url/nixpkgs|" "$here/nix-enclaver/flake.nix" >nix-enclaver/flake.nix
sed "s|@NIXPKGS@|git+$url/nixpkgs|" "$here/cases/flake.nix" >cases/flake.nix
sed -e "s|github:NixOS/nixpkgs/[^\"]*|git+$url/nixpkgs|" \
	-e "s|github:EspressoSystems/nix-enclaver/[^\"]*|git+$url/nix-enclaver|" \
	"$here/../../flake/flake.nix" >app/flake.nix
cp "$here/../../flake/entrypoint.sh" "$here/../../flake/enclaver.yaml" app/
echo build-outputs >app/.gitignore
commit nixpkgs
commit nix-enclaver
commit cases
commit app
mkdir app/build-outputs
printf 'the program that is staged\n' >app/build-outputs/nitro
chmod 755 app/build-outputs/nitro
git -C app add -f build-outputs/nitro
chmod -R u+w store
rm -rf store
