#!/bin/sh
# Runs one command for the lab. In: a line of its time limit in seconds and its text (sh) in base64. Out: a line of its exit
# code and the lengths of its two outputs, then the outputs. Files and not pipes: what it leaves running cannot hold the answer up.
IFS=' ' read -r limit text
folder=$(mktemp -d /run/command.XXXXXX) || exit 1
printf %s "$text" | base64 -d > "$folder/text"
timeout --kill-after=5 "$limit" /bin/sh "$folder/text" > "$folder/out" 2> "$folder/err" < /dev/null
code=$?
set -- $(stat -c %s "$folder/out" "$folder/err")
printf '%s %s %s\n' "$code" "$1" "$2"
cat "$folder/out" "$folder/err"
rm -r "$folder"
