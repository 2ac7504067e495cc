# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154 # tests use the variables; helpers.bash sets some
# What the command tests with real Nix share: load it behind helpers.
setup_file() {
	unshare -m true 2>/dev/null || return 0
	sh "$TOP/rebuild/test/nix/make.sh" "$BATS_FILE_TMPDIR/n"
}

# bench: the flake of make.sh, a recipe for it in r.json, and the binary that it takes.
bench() {
	unshare -m true 2>/dev/null || skip 'no mount namespaces'
	fixture=$BATS_FILE_TMPDIR/n
	app=$fixture/app
	binary=$fixture/app/build-outputs/nitro
	commit=$(git -C "$app" rev-parse HEAD)
	recipe
	options=(--built-binary "$binary" --independent)
}

# recipe [MORE-OF-THE-FILE [MORE-SECTIONS [MORE-OF-THE-BUILD]]]
recipe() {
	cat >r.json <<-EOF_RECIPE
		{"schema": 1, "name": "batcher", "source": {"repository": "file://$app", "commit": "$commit"},
		 "image": {"reference": "docker-archive:none.tar", "platform": "linux/amd64",
		           "files": [{"path": "/usr/local/bin/nitro", "stage": "build-outputs/nitro"${1-}}]},
		 "build": {"attribute": "x86_64-eif", "eif": "batcher.eif"${3-}}${2-}}
	EOF_RECIPE
}

# fork NAME [SED-SCRIPT]: the folder NAME is a clone of the app, changed and committed; the recipe is for it.
fork() {
	[ -d "$1" ] || git clone -q "file://$fixture/app" "$1"
	[ -z "${2-}" ] || sed -i "$2" "$1/flake.nix"
	git -C "$1" -c user.name=T -c user.email=t@t.example commit -q -a --allow-empty -m "$1"
	app=$PWD/$1
	commit=$(git -C "$1" rev-parse HEAD)
	recipe
}
