#!/usr/bin/env bats
# make dist and make install: what a package is made of.
# shellcheck disable=SC2034,SC2154 # variables of helpers.bash, and for it
program=enclave-verify
# shellcheck source=test/helpers.bash disable=SC1091
. "$TOP/test/helpers.bash"

setup() {
	cd "$TOP" || return 1
	version=$(sed -n 's/^VERSION := //p' GNUmakefile)
	name=enclavecheck-$version
}

@test "the tarball depends on nothing but the files" {
	ci/dist "$version" "$tmp/one" >/dev/null
	mkdir "$tmp/tree"
	(umask 077 && tar -C "$tmp/tree" --no-same-permissions -xzf "$tmp/one/$name.tar.gz")
	[ -x "$tmp/tree/$name/ci/dist" ]
	[ -f "$tmp/tree/$name/GNUmakefile" ]
	find "$tmp/tree" -exec touch -h -d 2001-01-01 {} +
	mkdir -p "$tmp/tree/$name/build/release"
	touch "$tmp/tree/$name/build/release/x"
	(umask 027 && TZ=Asia/Tokyo LC_ALL=C.UTF-8 "$tmp/tree/$name/ci/dist" "$version" "$tmp/two" >/dev/null)
	cmp "$tmp/one/$name.tar.gz" "$tmp/two/$name.tar.gz"
	[ "$(ls -A "$tmp/one")" = "$name.tar.gz" ]
	tar -tzf "$tmp/one/$name.tar.gz" >"$tmp/names"
	LC_ALL=C sort -c "$tmp/names"
	run grep -v "^$name/" "$tmp/names"
	[ "$status" -eq 1 ]
	run grep -E "^$name/(\.git|build)/" "$tmp/names"
	[ "$status" -eq 1 ]
	[ "$(tar --numeric-owner --full-time -tvzf "$tmp/one/$name.tar.gz" | awk '{ print $1, $2, $4, $5 }' | sort -u |
		cut -d ' ' -f 1 | tr '\n' ' ')" = '-rw-r--r-- -rwxr-xr-x ' ]
}

@test "no tarball of a version that CHANGELOG.md does not date" {
	run ci/dist 99.0 "$tmp/none"
	[ "$status" -eq 3 ]
	[[ $output == *CHANGELOG.md* ]]
	[ -z "$(ls -A "$tmp/none")" ]
}

@test "makefile, CHANGELOG.md, package and programs name one version" {
	grep -qE "^## $version \(20[0-9-]+\)$" CHANGELOG.md
	[ "$(sed -n '1s/^enclavecheck (\(.*\)-[0-9]*) .*/\1/p' ci/debian/changelog)" = "$version" ]
	exits 0 --version
	prints "enclave-verify $version"
}

@test "the package is built with what ci/packages names" {
	# what every Debian build has
	built=$(awk '/^\[/ { on = $1 == "[build]"; next } on && NF && !/^#/' ci/packages | grep -Evx 'gcc|make|libc6-dev' | sort)
	[ "$(awk '/^Build-Depends:/ { on = 1 } /^Standards/ { on = 0 } on' ci/debian/control |
		sed 's/^Build-Depends://; s/ *(.*)//; s/,//g; s/ //g' | grep -vx debhelper-compat | sort)" = "$built" ]
}

@test "install puts programs, manuals and completions, and uninstall takes them away" {
	make -C "$TOP" install DESTDIR="$tmp/stage" PREFIX=/usr >"$tmp/log" 2>&1 || {
		cat "$tmp/log"
		return 1
	}
	(cd "$tmp/stage" && find . ! -type d | LC_ALL=C sort) >"$tmp/out"
	called='make install'
	for name in attest rebuild verify; do
		printf './usr/bin/enclave-%s\n./usr/share/bash-completion/completions/enclave-%s\n' "$name" "$name"
		printf './usr/share/fish/vendor_completions.d/enclave-%s.fish\n' "$name"
		printf './usr/share/man/man1/enclave-%s.1\n./usr/share/zsh/site-functions/_enclave-%s\n' "$name" "$name"
	done | LC_ALL=C sort | golden
	"$tmp/stage/usr/bin/enclave-verify" --version >/dev/null
	make -C "$TOP" uninstall DESTDIR="$tmp/stage" PREFIX=/usr >/dev/null
	[ -z "$(find "$tmp/stage" ! -type d)" ]
}
