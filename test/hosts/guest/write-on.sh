#!/bin/sh
# write-on.sh DEVICE: writes block after block from its beginning, each with a number in it (1, 2 …) and each flushed
# before the next: what it has told in /lab/written is on the disk. It ends at the first write that fails, whose number it
# tells in /lab/not-written.
device=$1
k=0
while :; do
  k=$((k + 1))
  if ! printf '%-4095s\n' "block $k" | dd of="$device" bs=4096 seek=$((k - 1)) iflag=fullblock oflag=direct conv=notrunc,fsync status=none; then
    echo $k > /lab/not-written
    exit 1
  fi
  echo $k >> /lab/written
done
