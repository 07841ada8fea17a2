#!/bin/sh
# Stands before the real lvm, and does to one of its commands what /run/trouble says: `<command> <volume group> <trouble>`.
[ ! -r /run/trouble ] || read -r command group trouble < /run/trouble
for last; do :; done
[ "$1 ${last%%/*}" = "$command $group" ] || exec /usr/sbin/lvm "$@"
case $trouble in
hangs)
  echo $$ > /run/hanging
  exec sleep 3600
  ;;
rubbish)
  echo '  WARNING: this is no report {'
  ;;
complains-afterwards)
  /usr/sbin/lvm "$@" > /dev/null 2>&1
  echo '  device-mapper: reload ioctl on  (254:49) failed: No data available' >&2
  exit 5
  ;;
esac
