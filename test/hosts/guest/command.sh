#!/bin/bash
# Runs one command for the lab. In, each ended by a zero byte: its time limit in seconds, a mark, its text for sh. Out: its
# standard output, the mark, its standard error, the mark, its exit code. Between come files and not pipes: what it leaves
# running cannot hold the answer up. Forks are dear here: there is none that could be spared.
IFS= read -r -d '' limit && IFS= read -r -d '' mark && IFS= read -r -d '' text || exit 1
files=/run/command.$$
timeout --kill-after=5 "$limit" /bin/sh -c "$text" > $files.out 2> $files.err < /dev/null
code=$?
[ ! -s $files.out ] || cat $files.out
printf %s "$mark"
[ ! -s $files.err ] || cat $files.err
printf '%s%s\n' "$mark" $code
exec rm $files.out $files.err < /dev/null > /dev/null 2>&1
