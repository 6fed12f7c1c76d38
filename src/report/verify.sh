#!/bin/sh
# Judges the folder of a run of lifeboat(1), as "lifeboat verify" does, with common tools alone.
# usage: sh verify.sh [FOLDER] [VERIFIERKEY...]
#
# FOLDER is by default the one in which this file stands. With VERIFIERKEYs, the lines that
# "lifeboat key show" tells operators, only what one of them vouches for counts. The verdict is one line:
# final (exit status 0), sealed to record N (5), corrupt at record N (1); 2: it could not be judged.
# The rules are those of lifeboat-journal(5). Take this file from somebody you trust, not from the folder,
# if somebody may have changed the folder.
set -u
LC_ALL=C
export LC_ALL
zeros=0000000000000000000000000000000000000000000000000000000000000000
tab=$(printf '\t')
most_bytes=2000000000 # that are hashed for the checkpoints of one run
most_unsealed=8 # durable records that a crash, or a power cut, leaves without a checkpoint
work=

trouble() {
	echo "verify.sh: $*" >&2
	exit 2
}

# corrupt RECORD WHY: a record of -1 is none.
corrupt() {
	if [ "$1" -lt 0 ]; then
		echo "corrupt: $2"
	else
		echo "corrupt at record $1: $2"
	fi
	exit 1
}

check_tools() {
	for tool in openssl jq sha256sum awk base64 cat cmp cut find grep head mktemp od sed sort split tail tr wc xargs; do
		command -v "$tool" >/dev/null || trouble "$tool is not installed, and is needed"
	done
	openssl pkeyutl -help 2>&1 | grep -q -e -rawin ||
		trouble "this openssl cannot check Ed25519 (pkeyutl -rawin): version 3 is needed"
}

# The seals first: a process that writes meanwhile is never ahead of its journal with them.
take_copies() {
	[ -f "$folder/journal.jsonl" ] || trouble "$folder is not the folder of a run: it has no journal.jsonl"
	work=$(mktemp -d) || trouble "a temporary folder cannot be made"
	: >"$work/checkpoints"
	absent=
	if [ -f "$folder/checkpoints" ]; then
		cat "$folder/checkpoints" >"$work/checkpoints" || trouble "$folder/checkpoints cannot be read"
	elif [ -e "$folder/checkpoints" ]; then
		trouble "$folder/checkpoints is not a regular file"
	else
		absent=yes
	fi
	cat "$folder/journal.jsonl" >"$work/journal" || trouble "$folder/journal.jsonl cannot be read"
}

# hash_pieces FILE LINES: one SHA-256 a line, of each piece of so many lines.
hash_pieces() {
	mkdir "$work/pieces"
	[ ! -s "$1" ] || split -l "$2" -a 6 "$1" "$work/pieces/" || trouble "$1 cannot be divided"
	find "$work/pieces" -type f | sort | xargs -r sha256sum | cut -c 1-64
	rm -rf "$work/pieces"
}

# The bytes of a file for awk: without zeros, and with a mark that shows whether the last line has an end.
for_awk() {
	tr '\000' '\001' <"$1"
	echo X
}

# The checkpoints in their strict spelling, chained, and each over more than the one before: rows of "seal",
# number, run, records, bytes, sha256, head, state, signer; and one of how they end.
scan_checkpoints() {
	hash_pieces "$work/checkpoints" 12 >"$work/seal-hashes"
	for_awk "$work/checkpoints" | awk -v hashes="$work/seal-hashes" -v zeros="$zeros" '
	# It is compared with what it must be: only its place among the rows counts here.
	function is_hash(s) { return length(s) == 64 && s !~ /\t/ }
	function is_count(s) { return s ~ /^[1-9][0-9]*$/ && length(s) <= 15 }
	function is_stamp(s) {
		return s ~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]\.[0-9][0-9][0-9]Z$/
	}
	# What follows the word on a line.
	function after(s, word) {
		return substr(s, 1, length(word)) == word ? substr(s, length(word) + 1) : ""
	}
	function is_signature(s) { return length(s) == 92 && s ~ /^[A-Za-z0-9+\/]+[AEIMQUYcgkosw048]=$/ }
	# Reads the note that begins on line i; "" or what is wrong with it.
	function read(i) {
		if (line[i] != "lifeboat-checkpoint/v1")
			return "its first line is not lifeboat-checkpoint/v1"
		run = after(line[i + 1], "origin lifeboat/")
		records = after(line[i + 2], "records ")
		bytes = after(line[i + 3], "bytes ")
		sum = after(line[i + 4], "sha256 ")
		top = after(line[i + 5], "head ")
		before = after(line[i + 6], "previous ")
		state = after(line[i + 8], "state ")
		if (run == "" || length(run) > 63 || run ~ /\t/)
			return "its line \"origin\" is missing or not of the format"
		if (!is_count(records) || !is_count(bytes))
			return "its line \"records\" or \"bytes\" is missing or not of the format"
		if (!is_hash(sum) || !is_hash(top) || !is_hash(before))
			return "one of its hashes is missing or not of the format"
		if (!is_stamp(after(line[i + 7], "time ")) || (state != "open" && state != "final"))
			return "its line \"time\" or \"state\" is missing or not of the format"
		signer = after(line[i + 10], "\342\200\224 ")
		space = index(signer, " ")
		signature = substr(signer, space + 1)
		signer = substr(signer, 1, space - 1)
		if (line[i + 9] != "" || line[i + 11] != "" || space < 2 || space > 256 ||
		    signer ~ /[\001-\040+\177]/ || !is_signature(signature))
			return "its last line is not a signature"
		if (before "" != previous "")
			return count ? "its `previous` is not the hash of the one before it" \
				: "it is the first, and its `previous` is not zeros"
		if (count && (records + 0 <= records_before || bytes + 0 <= bytes_before))
			return "it is not over more than the one before it"
		return ""
	}
	# Takes text from the front of rest: 1 goes on, 0 it is another, 2 rest ends here.
	function literal(text) {
		if (rest == "")
			return 2
		if (length(rest) < length(text))
			return index(text, rest) == 1 ? 2 : 0
		if (substr(rest, 1, length(text)) != text)
			return 0
		rest = substr(rest, length(text) + 1)
		return 1
	}
	function span(pattern, least, most, n) {
		if (rest == "")
			return 2
		n = match(rest, pattern) == 1 ? RLENGTH : 0
		n = n > most ? most : n
		if (n < least)
			return n == length(rest) ? 2 : 0
		rest = substr(rest, n + 1)
		return 1
	}
	# Whether the rest could be a checkpoint that was not written to its end.
	function is_beginning(  part, i, found) {
		for (i = 1; i <= parts; i++) {
			part = shape[i]
			if (part == "name") found = span("^[^\001-\040]+", 1, 255)
			else if (part == "count") found = span("^[0-9]+", 1, 19)
			else if (part == "hash") found = span("^[0-9a-f]+", 64, 64)
			else if (part == "stamp") found = span("^[0-9:.TZ-]+", 24, 24)
			else if (part == "word") found = span("^[a-z]+", 4, 5)
			else if (part == "base64") found = span("^[A-Za-z0-9+/=]+", 92, 92)
			else found = literal(part)
			if (found != 1)
				return found == 2
		}
		return 0
	}
	BEGIN {
		parts = split("lifeboat-checkpoint/v1\norigin lifeboat/|name|\nrecords |count|\nbytes |count|\nsha256 |" \
			"hash|\nhead |hash|\nprevious |hash|\ntime |stamp|\nstate |word|\n\n\342\200\224 |name| |base64|\n\n",
			shape, "|")
		while ((getline got < hashes) > 0)
			hash[++pieces] = got
		previous = zeros
	}
	{ line[NR] = $0 }
	END {
		last = substr(line[NR], 1, length(line[NR]) - 1)
		for (i = 1; i + 11 < NR; i += 12) {
			why = read(i)
			if (why != "")
				break
			count++
			print "seal\t" count "\t" run "\t" records "\t" bytes "\t" sum "\t" top "\t" state "\t" signer
			previous = hash[count]
			records_before = records + 0
			bytes_before = bytes + 0
		}
		if (why == "" && i == NR && last == "") {
			print "end"
			exit
		}
		rest = ""
		for (j = i; j < NR && j < i + 13; j++)
			rest = rest line[j] "\n"
		if (j == NR)
			rest = rest last
		if (is_beginning())
			print "torn\t" count + 1
		else
			print "damaged\tcheckpoint " count + 1 ": " (why == "" ? "it is not a whole signed note" : why)
	}' >"$work/seals" || trouble "awk failed"
}

# The SHA-256 of what each checkpoint covers. Of very many, only of those whose signatures are checked: they
# cover the others.
hash_prefixes() {
	awk -F '\t' -v most="$most_bytes" '
	$1 == "seal" { row[++n] = $2 " " $5; signer[n] = $9; sum += $5 }
	END {
		for (i = 1; i <= n; i++)
			if (sum <= most || i == n || signer[i] != signer[i + 1])
				print row[i]
	}' "$work/seals" >"$work/wanted"
	while read -r number bytes; do
		sum=$(head -c "$bytes" "$work/journal" | sha256sum)
		echo "$number ${sum%% *}"
	done <"$work/wanted" >"$work/prefixes"
}

# What jq finds in the lines: rows of "json" (it is JSON; as a record has it or not), of "key" and of "file".
# Lines are counted from 0, as records are.
read_lines() {
	jq -Rr '
	def text: if type == "string" and . != "" then . else "-" end;
	def name: explode | length > 0 and (any(.[]; . <= 32 or . == 43 or (. >= 127 and . <= 160) or . == 5760
		or (. >= 8192 and . <= 8202) or . == 8232 or . == 8233 or . == 8239 or . == 8287 or . == 12288) | not);
	def row: map(tostring) | @tsv;
	def file($n; $kind): ["file", $n, $kind, (.file | text), (.sha256 | text),
		(if .bytes | type == "number" then .bytes else -1 end)] | row;
	(input_line_number - 1) as $n | fromjson? |
	(["json", $n, type == "object" and
		keys_unsorted == ["v", "seq", "ts", "run", "type", "data", "prev"]] | row),
	(select(type == "object") | select(.data | type == "object") | .type as $type | .data |
		if $type == "run" or $type == "resumed" then
			(if .key == null then ["key", $n, "-"]
			elif .key | type != "object" then ["key", $n, "?"]
			else .key | ["key", $n, "+", (.name | text), (.public | text), (.operator | text),
				(.certificate | text | @base64),
				((.operator | text) | split("+")[0] | name)] end | row),
			(select($type == "run") | .runbook | objects | .file = "runbook.yaml" | file($n; "runbook")),
			(select($type == "resumed") | .recovered | arrays | .[] | objects | file($n; "aside"))
		elif $type == "outcome" then
			.output | objects | file($n; "output")
		else empty end)' "$work/journal" >"$work/rows" 2>"$work/jq-errors" ||
		trouble "jq failed: $(head -n 1 "$work/jq-errors")"
}

# key_id KEY: what the id of such a verifier key must be.
key_id() {
	its_key=${1#*+}
	its_key=${its_key#*+}
	sum=$({
		printf '%s\n' "${1%%+*}"
		printf '%s' "$its_key" | base64 -d
	} | sha256sum)
	printf '%.8s' "$sum"
}

# is_key KEY: NAME+ID+BASE64, of Ed25519, with the id of its name and key.
is_key() {
	case $1 in *+*+*) ;; *) return 1 ;; esac
	its_name=${1%%+*}
	its_id=${1#*+}
	its_key=${its_id#*+}
	its_id=${its_id%%+*}
	case $its_name in '' | *[[:space:][:cntrl:]]*) return 1 ;; esac
	[ "${#its_name}" -le 255 ] && [ "${#its_key}" -eq 44 ] || return 1
	case $its_key in *[!A-Za-z0-9+/]*) return 1 ;; A[Q-Za-f]*) ;; *) return 1 ;; esac
	[ "$its_id" = "$(key_id "$1")" ]
}

# The keys that the records announce: line, whether it is one (+, -: none is there, ?: it is no key), name.
read_keys() {
	grep "^key$tab" "$work/rows" >"$work/key-rows"
	while IFS=$tab read -r _ number form name public _ _ _; do
		if [ "$form" = + ] && is_key "$public" && [ "$name" = "${public%%+*}" ]; then
			printf '%s\t+\t%s\n' "$number" "$name"
		elif [ "$form" = + ]; then
			printf '%s\t?\t-\n' "$number"
		else
			printf '%s\t%s\t-\n' "$number" "$form"
		fi
	done <"$work/key-rows" >"$work/keys"
}

# Reads the journal and its checkpoints side by side. Rows: "damage", record, why; "last", key, checkpoint,
# records, final; "chain", run, records, ended, how many keys, the record that jq cannot read.
judge_chain() {
	hash_pieces "$work/journal" 1 >"$work/line-hashes"
	for_awk "$work/journal" | awk -F '\t' -v work="$work" -v zeros="$zeros" \
		-v most_unsealed="$most_unsealed" -v len="$(wc -c <"$work/journal" | tr -d ' ')" '
	function is_stamp(s) {
		return s ~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]\.[0-9][0-9][0-9]Z$/
	}
	function damage(record, why) {
		if (damaged)
			return
		damaged = 1
		print "damage\t" record "\t" why
	}
	# Takes text from the front of rest, or says no.
	function take(text) {
		if (substr(rest, 1, length(text)) != text)
			return 0
		rest = substr(rest, length(text) + 1)
		return 1
	}
	function take_number(  n) {
		n = match(rest, /^[0-9]+/) ? RLENGTH : 0
		n = n > 16 ? 16 : n
		word = substr(rest, 1, n)
		rest = substr(rest, n + 1)
		return n > 0 && (n == 1 || substr(word, 1, 1) != "0")
	}
	function take_word(most) {
		word = substr(rest, 1, index(rest, "\"") - 1)
		rest = substr(rest, length(word) + 1)
		return word != "" && length(word) <= most && index(word, "\\") == 0
	}
	# A record that this script cannot know: of another program, or of another version of the format.
	function foreign(text,  start) {
		rest = text
		if (!take("{\"v\":")) {
			start = substr(text, 1, 5)
			if (records > 0 || index("{\"v\":", start) == 1)
				return ""
			return "journal.jsonl is of another program: its first line is no record of a run"
		}
		if (!take_number() || word == "1" || !take(","))
			return ""
		return "it is of version " word " of the format, and version 1 is known here"
	}
	function scan(text,  tail) {
		if (text ~ /[^ -~]/)
			return "it holds bytes that are not of the format"
		rest = text
		if (!take("{\"v\":1,\"seq\":"))
			return "it does not begin as a record does"
		if (!take_number())
			return "its number or its time is not of the format"
		seq = word
		if (!take(",\"ts\":\"") || !is_stamp(substr(rest, 1, 24)))
			return "its number or its time is not of the format"
		rest = substr(rest, 25)
		if (!take("\",\"run\":\"") || !take_word(63))
			return "its run, type or data is not of the format"
		its_run = word
		if (!take("\",\"type\":\"") || !take_word(31))
			return "its run, type or data is not of the format"
		type = word
		if (!take("\",\"data\":{"))
			return "its run, type or data is not of the format"
		if (seq + 0 != records)
			return "its number is " seq
		if (records > 0 && its_run "" != run "")
			return "it belongs to another run"
		if (!(type in types))
			return "its type is unknown"
		run = its_run
		tail = length(rest) >= 76 ? substr(rest, length(rest) - 75) : ""
		if (substr(tail, 1, 10) != "},\"prev\":\"" || substr(tail, 75) != "\"}")
			return "it does not end as a record does"
		if (substr(tail, 11, 64) "" != top "")
			return records ? "its prev is not the hash of the record before it" \
				: "it is the first, and its prev is not zeros"
		return ""
	}
	# Another process begins to write: either all announce a key, or none does.
	function take_process() {
		processes++
		if (key_form[records] == "-")
			return keys ? "it announces no key of its process" : ""
		if (keys + 1 != processes)
			return "it announces a key, and those before it had none"
		if (key_form[records] != "+")
			return "its key is no verifier key of Ed25519"
		if (key_name[records] != "lifeboat/" run "/" processes)
			return "its key is not named lifeboat/" run "/" processes
		keys++
		signer = key_name[records]
		signer_record = records
		return ""
	}
	function fit(s,  wrong) {
		if (seal_run[s] "" != run "")
			return "it is of another run, " seal_run[s]
		if (seal_bytes[s] != bytes) wrong = "bytes"
		else if (seal_head[s] "" != top "") wrong = "head"
		else if (s in prefix && seal_sum[s] "" != prefix[s] "") wrong = "sha256"
		else if ((seal_state[s] == "final") != ended) wrong = "state"
		if (wrong != "")
			return "its `" wrong "` is not that of journal.jsonl: records " fitted " to " records - 1 \
				", or this checkpoint, are not what was sealed"
		if (!keys)
			return "no record announces the key that signed it"
		if (seal_signer[s] "" != signer "")
			return "it is signed in the name of " seal_signer[s] ", and not by the key that record " \
				signer_record " announces"
		return ""
	}
	# Compares the next checkpoint, if its records are there. 0: it is damaged.
	function take_seal(  why) {
		if (ahead > seals || seal_records[ahead] != records)
			return 1
		why = fit(ahead)
		if (why != "") {
			damage(fitted, "checkpoint " ahead ": " why)
			return 0
		}
		last_seal[keys] = ahead
		fitted = records
		unsealed = 0
		is_over = seal_state[ahead] == "final"
		ahead++
		if (ahead > seals && seals_damage != "") {
			damage(-1, seals_damage)
			return 0
		}
		return 1
	}
	# Reads on from line i + 1; "" goes on, otherwise how it ended: end, torn, damaged.
	function take_record(i,  why) {
		if (i + 1 == NR && last == "")
			return "end"
		why = foreign(i + 1 < NR ? line[i + 1] : last)
		if (why != "") {
			ending_why = why
			return "damaged"
		}
		if (i + 1 == NR) {
			ending_why = "it has no end"
			return ahead <= seals ? "damaged" : "torn"
		}
		if (ahead > seals && (!(i in json) || line[i + 1] ~ /[^ -~]/))
			return "torn"
		ending_why = scan(line[i + 1])
		if (ending_why != "")
			return "damaged"
		if (is_over) {
			damage(records, "it follows the sealed end of the run")
			return "stop"
		}
		if (type == "resumed" && keys && unsealed > most_unsealed) {
			damage(records, "it takes up records " fitted " to " records - 1 ", which nobody had sealed: " \
				"no crash leaves so many. Their checkpoints were taken away, and they may have been changed")
			return "stop"
		}
		if (type == "run" || type == "resumed" || type == "outcome") {
			if (json[i] == "false") {
				damage(records, "it has not the keys of a record in their order")
				return "stop"
			}
			if (!(i in json) && unreadable == "")
				unreadable = records
		}
		if (type == "run" || type == "resumed") {
			why = i in json ? take_process() : "it is not valid JSON"
			if (why != "") {
				damage(records, why)
				return "stop"
			}
		}
		records++
		bytes += length(line[i + 1]) + 1
		top = hash[i + 1]
		if (type == "end")
			ended = 1
		if (type in durable)
			unsealed++
		return take_seal() ? "" : "stop"
	}
	function judge_end(ending) {
		if (ahead <= seals && seal_bytes[seals] > len && records + 1 == NR)
			damage(records, "the file is cut off: " len " bytes are there, " seal_bytes[seals] " were sealed")
		else if (ending == "damaged")
			damage(records, ending_why)
		else if (ahead <= seals)
			damage(records, "checkpoint " ahead ": it is over " seal_records[ahead] " records, and " \
				records " are there")
		else if (is_over && ending == "torn")
			damage(records, len - bytes " bytes follow the sealed end of the run")
		else if (len == 0)
			damage(0, "journal.jsonl is empty: the program ended before its first record")
		else if (records == 0)
			damage(0, "it is cut off: the program ended within its first record")
		else if (is_over && seals_end != "end")
			damage(-1, "checkpoint " ahead ": it follows that of the end of the run")
	}
	BEGIN {
		n = split("run resumed preflight target expand plan blocked intent evidence attempt prompt answer " \
			"outcome probe skip goto kept impact drill note cancel stop end", words, " ")
		for (i = 1; i <= n; i++)
			types[words[i]] = 1
		n = split("preflight intent evidence answer outcome probe skip goto kept drill note stop end", words, " ")
		for (i = 1; i <= n; i++)
			durable[words[i]] = 1
		while ((getline got < (work "/line-hashes")) > 0)
			hash[++hashes] = got
		while ((getline < (work "/rows")) > 0)
			if ($1 == "json")
				json[$2] = $3
		while ((getline < (work "/keys")) > 0) {
			key_form[$1] = $2
			key_name[$1] = $3
		}
		while ((getline got < (work "/prefixes")) > 0) {
			split(got, words, " ")
			prefix[words[1]] = words[2]
		}
		while ((getline < (work "/seals")) > 0) {
			if ($1 != "seal") {
				seals_end = $1
				seals_damage = $1 == "damaged" ? $2 : ""
				continue
			}
			seals++
			seal_run[seals] = $3
			seal_records[seals] = $4 + 0
			seal_bytes[seals] = $5 + 0
			seal_sum[seals] = $6
			seal_head[seals] = $7
			seal_state[seals] = $8
			seal_signer[seals] = $9
		}
		top = zeros
		seals += 0
		ahead = 1
		records = bytes = keys = processes = fitted = unsealed = is_over = ended = damaged = 0
	}
	{ line[NR] = $0 }
	END {
		last = substr(line[NR], 1, length(line[NR]) - 1)
		ending = ""
		if (!seals && seals_damage != "")
			damage(-1, seals_damage)
		else {
			for (i = 0; ending == ""; i++)
				ending = take_record(i)
			if (ending != "stop")
				judge_end(ending)
		}
		for (i = 1; i <= keys; i++)
			if (i in last_seal) {
				s = last_seal[i]
				print "last\t" i "\t" s "\t" seal_records[s] "\t" (seal_state[s] == "final")
			}
		print "chain\t" run "\t" records "\t" ended "\t" keys "\t" (unreadable == "" ? -1 : unreadable)
	}' >"$work/chain" || trouble "awk failed"
}

# signature_holds TEXT SIGNATURE KEY: files of the text and of the signature in base64, and a verifier key.
signature_holds() {
	base64 -d <"$2" >"$work/note-signature" 2>/dev/null || return 1
	id=${3#*+}
	encoded=${id#*+}
	[ "$(head -c 4 "$work/note-signature" | od -An -tx1 | tr -d ' \n')" = "${id%%+*}" ] || return 1
	{
		printf '\060\052\060\005\006\003\053\145\160\003\041\000'
		printf '%s' "$encoded" | base64 -d | tail -c 32
	} >"$work/public.der"
	tail -c 64 "$work/note-signature" >"$work/signature"
	openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey "$work/public.der" -in "$1" \
		-sigfile "$work/signature" >/dev/null 2>&1
}

# key_row NUMBER: sets name, public, operator, certificate (in base64), named of the run's key of this number.
key_row() {
	IFS=$tab read -r _ seq _ name public operator certificate named <<-END
		$(grep "^key${tab}[0-9]*${tab}+" "$work/rows" | sed -n "$1p")
	END
}

# The first `lines` lines of a checkpoint are what is signed.
judge_signatures() {
	sealed=0
	final=0
	while IFS=$tab read -r _ key number covered is_final; do
		key_row "$key"
		start=$((12 * (number - 1) + 1))
		sed -n "$start,$((start + 8))p" "$work/checkpoints" >"$work/text"
		sed -n "$((start + 10))p" "$work/checkpoints" | sed 's/.* //' >"$work/encoded"
		signature_holds "$work/text" "$work/encoded" "$public" ||
			corrupt -1 "checkpoint $number: its signature is not by the key that record $seq announces"
		sealed=$covered
		final=$is_final
		echo "$key $covered" >>"$work/sealed"
	done <"$work/lasts"
}

# is_certified: whether the certificate of the key_row() is for this key of this run, by its operator.
is_certified() {
	[ "$named" = true ] && is_key "$operator" || return 1
	printf '%s' "$certificate" | base64 -d >"$work/certificate"
	time=$(sed -n 4p "$work/certificate")
	encoded=$(sed -n '6s/.* //p' "$work/certificate")
	case $time in
	"time "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]Z) ;;
	*) return 1 ;;
	esac
	case $encoded in *[!A-Za-z0-9+/=]*) return 1 ;; *[AEIMQUYcgkosw048]=) ;; *) return 1 ;; esac
	[ "${#encoded}" -eq 92 ] || return 1
	printf 'lifeboat-run-key/v1\nrun %s\nkey %s\n%s\n' "$run" "$public" "$time" >"$work/text"
	printf '%s' "$encoded" >"$work/encoded"
	{
		cat "$work/text"
		printf '\n\342\200\224 %s %s\n' "${operator%%+*}" "$encoded"
	} | cmp -s - "$work/certificate" || return 1
	signature_holds "$work/text" "$work/encoded" "$operator"
}

is_trusted() {
	printf '%s\n' "$trusted" | grep -qxF -e "$operator"
}

# Where the first key is certified, each later one must be so by the same operator or by a trusted one; with
# VERIFIERKEYs, the first one too. What a key that does not count has sealed, and what follows, is not sealed.
judge_keys() {
	first=
	vouched=0
	doubt=
	while [ "$vouched" -lt "$keys" ]; do
		key_row $((vouched + 1))
		certified=
		! is_certified || certified=yes
		if [ "$vouched" -eq 0 ]; then
			[ -z "$certified" ] || first=$operator
			if [ -n "$trusted" ] && { [ -z "$certified" ] || ! is_trusted; }; then
				doubt=yes
			fi
		elif [ -n "$first" ] || [ -n "$trusted" ]; then
			if [ -z "$certified" ] || { [ "$operator" != "$first" ] && ! is_trusted; }; then
				doubt=yes
			fi
		fi
		[ -z "$doubt" ] || break
		vouched=$((vouched + 1))
	done
	[ -n "$doubt" ] || return
	sealed=$(awk -v most="$vouched" '$1 <= most && $2 > n { n = $2 } END { print n + 0 }' "$work/sealed")
	final=0
}

# check_name KIND FILE: sets why, if the file is not one that can be compared.
check_name() {
	digits=
	case $1 in
	runbook) title="its runbook" digits=1 ;;
	output) title="its output" ; case $2 in out/*) digits=${2#out/} ;; esac ;;
	aside)
		title="the file that was put aside,"
		case $2 in torn-checkpoints-*) digits=${2#torn-checkpoints-} ;; torn-*) digits=${2#torn-} ;; esac
		;;
	esac
	why=
	case $digits in '' | *[!0-9]*)
		why="$title has a name that no run gives: $2"
		return
		;;
	esac
	if [ -L "$folder/$2" ] || { [ "$1" = output ] && [ -L "$folder/out" ]; }; then
		why="$title $2 is a symbolic link"
	elif [ ! -e "$folder/$2" ]; then
		why="$title $2 is missing"
	elif [ ! -f "$folder/$2" ]; then
		why="$title $2 is not a regular file"
	elif [ ! -r "$folder/$2" ]; then
		trouble "$folder/$2 cannot be read"
	fi
}

# The files that sealed records vouch for. They are compared all at once, up to one that cannot be.
judge_files() {
	: >"$work/compared"
	why=
	grep "^file$tab" "$work/rows" >"$work/file-rows"
	while [ -z "$why" ] && IFS=$tab read -r _ seq kind file sum size; do
		[ "$seq" -lt "$sealed" ] || continue
		check_name "$kind" "$file"
		[ -n "$why" ] || printf '%s\t%s\t%s\t%s\t%s\n' "$seq" "$title" "$file" "$sum" "$size" >>"$work/compared"
	done <"$work/file-rows"
	cut -f 3 "$work/compared" >"$work/names"
	(cd "$folder" && xargs -r sha256sum <"$work/names") >"$work/sums" || trouble "an output cannot be read"
	(cd "$folder" && xargs -r -n 1 wc -c <"$work/names") >"$work/sizes" || trouble "an output cannot be read"
	awk -F '\t' -v work="$work" '
	BEGIN {
		while ((getline got < (work "/sums")) > 0)
			sum[substr(got, 67)] = substr(got, 1, 64)
		while ((getline got < (work "/sizes")) > 0) {
			split(got, words, " ")
			size[words[2]] = words[1]
		}
	}
	$5 >= 0 && size[$3] != $5 {
		print $1 "\t" $2 " " $3 " has " size[$3] " bytes, and had " $5
		exit
	}
	sum[$3] "" != $4 "" { print $1 "\t" $2 " " $3 " was changed"; exit }' "$work/compared" >"$work/changed"
	if [ -s "$work/changed" ]; then
		IFS=$tab read -r seq why <"$work/changed"
	fi
	[ -z "$why" ] || corrupt "$seq" "$why"
}

# Why a run that is sound is not final; the strongest reason.
reason() {
	if [ "$keys" -eq 0 ]; then
		echo "the journal announces no key, so nothing in it is signed"
	elif [ "$vouched" -lt "$keys" ]; then
		echo "nobody whom you trust vouches for the key $name, which record $seq announces"
	elif [ "$records" -gt "$sealed" ]; then
		[ "$ended" -eq 0 ] || ended=", the run's end among them"
		[ "$ended" != 0 ] || ended=
		echo "no checkpoint covers the $((records - sealed)) that follow$ended"
	else
		echo "the run has not ended"
	fi
}

# Prints the verdict of what is sound, and ends with its status.
conclude() {
	if [ "$final" -eq 1 ] && [ "$sealed" -eq "$records" ]; then
		key_row "$keys"
		by=nobody
		! is_certified || by=${operator%%+*}
		echo "final: $records records, sealed by $name, certified by $by"
		exit 0
	fi
	key_row $((vouched + 1))
	if [ "$sealed" -gt 0 ]; then
		echo "sealed to record $((sealed - 1)): $(reason)"
	else
		echo "not sealed: $(reason)"
	fi
	exit 5
}

judge() {
	scan_checkpoints
	hash_prefixes
	read_lines
	read_keys
	judge_chain
	grep "^last$tab" "$work/chain" >"$work/lasts"
	: >"$work/sealed"
	if IFS=$tab read -r what number why <"$work/chain" && [ "$what" = damage ]; then
		corrupt "$number" "$why"
	fi
	IFS=$tab read -r _ run records ended keys unreadable <<-END
		$(tail -n 1 "$work/chain")
	END
	[ "$unreadable" -lt 0 ] || trouble "jq cannot read record $unreadable of journal.jsonl: lifeboat verify may"
	judge_signatures
	[ -z "$absent" ] || [ "$keys" -eq 0 ] || corrupt -1 "the file checkpoints is missing, which seals the journal"
	judge_keys
	judge_files
	conclude
}

folder=
trusted=
for word in "$@"; do
	if [ -z "$folder" ] && [ -z "$trusted" ] && [ -d "$word" ]; then
		folder=$word
	elif is_key "$word"; then
		trusted=$trusted$word'
'
	else
		trouble "$word is neither a folder nor a verifier key. usage: sh verify.sh [FOLDER] [VERIFIERKEY...]"
	fi
done
[ -n "$folder" ] || folder=$(dirname "$0")
trap '[ -z "$work" ] || rm -rf "$work"' EXIT
trap 'exit 2' HUP INT TERM
check_tools
take_copies
judge
