# What the checks by the command line share: a world of their own, and words for what holds. To be sourced.
# $LIFEBOAT is the program. "ok …" for what holds, "not ok …" for what does not; a check ends with
# [ "$wrong" -eq 0 ].
set -eu
: "${LIFEBOAT:?names the program}"
for tool in jq sha256sum timeout; do
	command -v "$tool" >/dev/null || { echo "$tool is not installed"; exit 77; }
done

world=$(mktemp -d)
holder=
wrong=0

end_world() {
	[ -z "$holder" ] || kill "$holder" 2>/dev/null || true
	chmod -R u+w "$world"
	rm -rf "$world"
}
trap end_world EXIT
trap 'exit 143' TERM HUP INT

cd "$world"
unset LIFEBOAT_RUNBOOKS LIFEBOAT_OPERATOR LIFEBOAT_CONFIG KUBECONFIG
export XDG_STATE_HOME="$world/state" XDG_CONFIG_HOME="$world/config" LC_ALL=C.UTF-8
mkdir state config
runs=$XDG_STATE_HOME/lifeboat/runs

hold() {
	echo "ok $*"
}

fail() {
	echo "not ok $*"
	sed 's/^/    out: /' out | tail -n 15
	sed 's/^/    err: /' err | tail -n 15
	wrong=$((wrong + 1))
}

# run STATUS ARGUMENT…: the program ends with this status.
run() {
	wanted=$1
	shift
	status=0
	timeout 60 "$LIFEBOAT" "$@" >out 2>err </dev/null || status=$?
	if [ "$status" -eq "$wanted" ]; then
		hold "lifeboat $* exits with $wanted"
	else
		fail "lifeboat $* exits with $status, not $wanted"
	fi
}

# said FILE TEXT…: the output holds each of the texts.
said() {
	file=$1
	shift
	for text in "$@"; do
		if grep -qF -- "$text" "$file"; then
			hold "it says: $text"
		else
			fail "it does not say: $text"
		fi
	done
}

# true_that WORDS COMMAND…
true_that() {
	words=$1
	shift
	if "$@"; then
		hold "$words"
	else
		fail "$words"
	fi
}

# matches FILTER FILE: some value of the file passes the filter.
matches() {
	[ -n "$(jq "$1" "$2")" ]
}

no_line_has() {
	! grep -qF -- "$1" "$2"
}

# By time, not by name: two runs of one second differ by a random number only.
latest() {
	find "$runs" -mindepth 1 -maxdepth 1 -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2
}

count_runs() {
	find "$runs" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l
}

# Every prev is the hash of the line before, and the hashes of the files are those in the journal.
check_chain() {
	prev=$(printf '%064d' 0)
	lines=0
	while IFS= read -r line; do
		[ "$(printf '%s\n' "$line" | jq -r .prev)" = "$prev" ] || return 1
		[ "$(printf '%s\n' "$line" | jq .seq)" -eq "$lines" ] || return 1
		prev=$(printf '%s\n' "$line" | sha256sum | cut -c1-64)
		lines=$((lines + 1))
	done <"$1/journal.jsonl"
	[ "$lines" -gt 1 ] || return 1
	(
		cd "$1"
		jq -r 'select(.type == "run") | "\(.data.runbook.sha256)  runbook.yaml"' journal.jsonl
		jq -r 'select(.type == "outcome" and .data.output) | .data.output |
			"\(.sha256)  \(.file)"' journal.jsonl
	) >sums
	(cd "$1" && sha256sum --quiet --check -) <sums
}

# types FOLDER WORD…: the records of a journal are of these types, in this order.
types() {
	folder=$1
	shift
	seen=$(jq -r .type "$folder/journal.jsonl" | tr '\n' ' ')
	[ "$seen" = "$* " ] && return
	echo "    the records: $seen" >>err
	return 1
}
