#!/bin/sh
# write-on.sh DEVICE FIRST: writes block after block, from that one on, each with a number in it (1, 2 …) and each flushed
# before the next: what it has told in /lab/written is on the disk. It ends at the first write that fails, whose number it
# tells in /lab/not-written.
device=$1 first=$2
k=0
while :; do
  k=$((k + 1))
  if ! printf '%-4095s\n' "block $k" | dd of="$device" bs=4096 seek=$((first + k - 1)) iflag=fullblock oflag=direct conv=notrunc,fsync status=none; then
    echo $k > /lab/not-written
    exit 1
  fi
  echo $k >> /lab/written
done
