# shellcheck shell=bash
# The configuration of enclave-guard, and whom it is believed. Sourced; the caller's EXIT trap ends what was started.

say() {
	printf 'enclave-guard: %s\n' "$*" >&2
}

# fail STATUS TEXT: the EXIT trap ends what was started.
why=''
fail() {
	local status=$1
	shift
	why=said
	say "$*"
	exit "$status"
}


# guarded PATH: nobody but root and this user can change it, or put something else in its place. The sticky bit
# keeps others from replacing what is not theirs.
guarded() {
	local path=$1 type owner mode
	if [ "$(realpath -e -- "$path" 2>/dev/null)" != "$path" ]; then
		fail 2 "$path: is not there, is no absolute path, or has a link in it"
	fi
	while :; do
		IFS=' ' read -r owner mode type <<<"$(stat -c '%u %a %F' -- "$path")"
		if [ "$owner" != 0 ] && [ "$owner" != "$EUID" ]; then
			fail 2 "$path: belongs to user $owner, who can change what is relied on here"
		fi
		if ((8#$mode & 8#22)) && { [ "$type" != directory ] || ! ((8#$mode & 8#1000)); }; then
			fail 2 "$path: mode $mode lets others change what is relied on here"
		fi
		[ "$path" != / ] || break
		path=$(dirname -- "$path")
	done
}

guarded_file() {
	guarded "$1"
	[ -f "$1" ] || fail 2 "$1: is no file"
}

# Keys that are options of enclave-verify statement, of enclave-attest onchain, and of enclave-attest check.
readonly STATEMENT_KEYS='KEY THRESHOLD COMMIT IMAGE'
readonly CONTRACT_KEYS='REGISTRY CHAIN_ID RPC_FILE QUORUM BLOCK MAX_BLOCK_AGE MIN_STRENGTH SERVICE CODE_HASH INNER
	SELECTOR VALUE SLOT HASH_RULE'
readonly LIVE_KEYS='PROFILE BIND TLS CACERT RESOLVE MAX_AGE ROLE_ARN'
readonly OTHER_KEYS='NAME EIF ENCLAVER_IMAGE CPUS MEMORY CID PUBLISH ENV_FILE PCRS STATEMENT URL INSTANCE_ID
	TRIAL_ROOT WAIT TELL_PORT TELL_MESSAGE TELL_URL TELL_COMMAND STOP_WAIT'
readonly REPEATED='KEY STATEMENT CODE_HASH PUBLISH'
declare -A conf=()

# has WORD LIST
has() {
	local word
	for word in $2; do
		[ "$word" != "$1" ] || return 0
	done
	return 1
}

# read_config FILE: into conf; values of a repeated key are lines. Nothing in it is run or expanded.
read_config() {
	local line key value number=0
	guarded_file "$1"
	[ "$(wc -c <"$1")" -le 65536 ] || fail 2 "$1: more than 64 KiB"
	[ "$(tr -dc '\0' <"$1" | wc -c)" -eq 0 ] || fail 2 "$1: has a NUL in it"
	while IFS= read -r line || [ -n "$line" ]; do
		number=$((number + 1))
		case $line in '' | '#'*) continue ;; esac
		[[ $line =~ ^([A-Z_]+)=(.*)$ ]] || fail 2 "$1: line $number is not KEY=VALUE"
		key=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]}
		has "$key" "$STATEMENT_KEYS $CONTRACT_KEYS $LIVE_KEYS $OTHER_KEYS" || fail 2 "$1: line $number: there is no key $key"
		case $value in
		'') fail 2 "$1: line $number: $key is empty; leave the line out" ;;
		' '* | *' ') fail 2 "$1: line $number: spaces around the value of $key" ;;
		*[!\ -~]*) fail 2 "$1: line $number: $key has something else than printable ASCII in it" ;;
		*[\"\'\\\$\`\;\|\<\>\(\)\{\}]*) fail 2 "$1: line $number: $key has a character in it that means something to a shell; none reads this, and no quotes are needed" ;;
		esac
		if [ -z "${conf[$key]-}" ]; then
			conf[$key]=$value
		elif has "$key" "$REPEATED"; then
			conf[$key]+=$'\n'$value
		else
			fail 2 "$1: line $number: $key stands there twice"
		fi
	done <"$1"
}

wrong() {
	fail 2 "the configuration: $*"
}

# number KEY LOWEST HIGHEST
number() {
	local value=${conf[$1]-}
	[[ -z $value || $value =~ ^[1-9][0-9]{0,9}$ ]] || wrong "$1 must be a number from $2 to $3"
	[ -z "$value" ] || ((value >= $2 && value <= $3)) || wrong "$1 must be a number from $2 to $3"
}

# none_of WHY KEY..., all_of WHY KEY...: the keys must not stand there, must stand there.
none_of() {
	local why=$1 key
	shift
	for key; do
		[ -z "${conf[$key]-}" ] || wrong "$key $why"
	done
}

all_of() {
	local why=$1 key
	shift
	for key; do
		[ -n "${conf[$key]-}" ] || wrong "$key is missing$why"
	done
}

# judge_config: what is demanded of it as a whole.
judge_config() {
	local key value
	all_of '' NAME PCRS
	[[ ${conf[NAME]} =~ ^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$ ]] || wrong 'NAME: letters, digits, and . _ - only, 63 of them at most'
	number CPUS 1 1024
	number MEMORY 64 4194304
	number CID 4 4294967294
	number TELL_PORT 1 4294967294
	number WAIT 1 3600
	number STOP_WAIT 1 600
	if [ -n "${conf[EIF]-}" ]; then
		none_of 'is for ENCLAVER_IMAGE, and there is an EIF' ENCLAVER_IMAGE PUBLISH ENV_FILE
		all_of ', as there is an EIF' CPUS MEMORY
		[[ ${conf[EIF]} == /* ]] || wrong 'EIF must be an absolute path'
	else
		all_of ', and there is no EIF either' ENCLAVER_IMAGE
		none_of 'is for EIF' CID TELL_PORT
		[[ ${conf[ENCLAVER_IMAGE]} =~ ^[a-z0-9][A-Za-z0-9._/:-]*@sha256:[0-9a-f]{64}$ ]] ||
			wrong 'ENCLAVER_IMAGE must be pinned: NAME@sha256: and 64 hex digits. A tag can be made to mean another image'
		[[ ${conf[ENCLAVER_IMAGE]%@*} =~ (^|/)[^:/]*$ ]] ||
			wrong 'ENCLAVER_IMAGE has a tag besides its digest; leave the tag out'
		while IFS= read -r value; do
			[[ -z $value || $value =~ ^([0-9.]+:)?[0-9]{1,5}:[0-9]{1,5}$ ]] || wrong 'PUBLISH must be [ADDRESS:]PORT:PORT'
		done <<<"${conf[PUBLISH]-}"
	fi
	if [ -n "${conf[STATEMENT]-}" ]; then
		while IFS= read -r value; do
			[[ $value == /* ]] || wrong 'STATEMENT must be an absolute path'
		done <<<"${conf[STATEMENT]}"
		all_of ', whose signature a STATEMENT must have' KEY
	else
		# shellcheck disable=SC2086 # words
		none_of 'is for STATEMENT, and there is none' $STATEMENT_KEYS
	fi
	if [ -n "${conf[REGISTRY]-}" ]; then
		all_of ', which REGISTRY needs' CHAIN_ID RPC_FILE
	else
		# shellcheck disable=SC2086
		none_of 'is for REGISTRY, and there is none' $CONTRACT_KEYS
	fi
	all_of ', without which nothing tells whether the enclave is the right one' URL PROFILE
	[[ ${conf[URL]} =~ ^https?://[^\ ]+$ ]] || wrong 'URL must be one of http or https'
	if [ -n "${conf[TELL_PORT]-}${conf[TELL_MESSAGE]-}" ]; then
		all_of ', and TELL_PORT and TELL_MESSAGE go together' TELL_PORT TELL_MESSAGE
		none_of 'stands beside TELL_PORT' TELL_URL TELL_COMMAND
	elif [ -n "${conf[TELL_URL]-}" ]; then
		none_of 'stands beside TELL_URL' TELL_COMMAND
		[[ ${conf[TELL_URL]} =~ ^https?://[^\ ]+$ ]] || wrong 'TELL_URL must be one of http or https'
	elif [ -n "${conf[TELL_COMMAND]-}" ]; then
		guarded_file "${conf[TELL_COMMAND]}"
		[ -x "${conf[TELL_COMMAND]}" ] || wrong "${conf[TELL_COMMAND]} cannot be run"
	fi
	# what is expected, and who is believed, must not be others' to change; statements are signed
	for key in PCRS KEY RPC_FILE CACERT TRIAL_ROOT ENV_FILE; do
		while IFS= read -r value; do
			[ -z "$value" ] || guarded_file "$value"
		done <<<"${conf[$key]-}"
	done
}

# options KEY...: words gets --key=VALUE for each value there is.
options() {
	local key value option
	words=()
	for key; do
		option=${key,,}
		while IFS= read -r value; do
			[ -z "$value" ] || words+=("--${option//_/-}=$value")
		done <<<"${conf[$key]-}"
	done
}
