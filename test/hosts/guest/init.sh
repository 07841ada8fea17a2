#!/bin/bash
# First process of a test host: this machine's own root file system under a layer in memory, the host's disks, a network,
# and a listener for commands. What is written outside of the state disk and the volume group is gone with the power.
#
# The kernel's command line names: LAB_NAME, LAB_ADDRESS (ip/prefix), LAB_ROLE (storage or compute), LAB_CHECKOUT, LAB_OUTBOX
# (a folder of the machine that the host may write to) and LAB_NODE (folder of the node program).
set -u
export PATH=$LAB_NODE:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/run/home LANG=C.UTF-8 LVM_SUPPRESS_FD_WARNINGS=1
modules=/usr/lib/uml/modules/$(uname -r)

# The kernel panics and ends when its first process does.
must() {
  "$@" && return
  echo "LAB FAILED: $*"
  exit 1
}

if [ -z "${LAB_LAYERED-}" ]; then
  must mount -t proc proc /proc
  must insmod "$modules/kernel/fs/overlayfs/overlay.ko"
  must mount -t tmpfs -o mode=755 tmpfs /mnt
  must mkdir /mnt/upper /mnt/work /mnt/root
  must mount -t overlay -o nosuid,lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/root
  must cd /mnt/root
  must mkdir -p machine
  must umount /proc
  must mount --no-mtab --move /dev dev
  must pivot_root . machine
  LAB_LAYERED=1 exec chroot . /bin/bash "$0" < dev/console > dev/console 2>&1
fi

must mount -t proc proc /proc
must mount -t sysfs sysfs /sys
mkdir -p /dev/pts /dev/shm
must mount -t devpts devpts /dev/pts
for folder in /dev/shm /tmp /var/tmp; do must mount -t tmpfs -o mode=1777 tmpfs "$folder"; done
must mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/home /run/lock/iscsi /run/lvm /run/udev /var/lib/scoria /lab "$LAB_CHECKOUT"
# By their own names: they may lie below the machine's /tmp, which the host's own covers.
must mount -t hostfs -o "ro,$LAB_CHECKOUT" none "$LAB_CHECKOUT"
must mount -t hostfs -o "$LAB_OUTBOX" none /lab

hostname "$LAB_NAME"
echo "$LAB_NAME" > /etc/hostname
printf '127.0.0.1 localhost\n%s %s\n' "${LAB_ADDRESS%/*}" "$LAB_NAME" > /etc/hosts
must ip link set lo up
must ip address add "$LAB_ADDRESS" dev vec0
must ip link set vec0 up

mkdir -p /lib/modules
[ -e "/lib/modules/$(uname -r)" ] || must ln -s "$modules" /lib/modules/
if [ "$LAB_ROLE" = storage ]; then
  # The kernel's target takes its folder for reservations when it is loaded, and only one that is there.
  mkdir -p /etc/target/pr /etc/target/alua
  must modprobe -a configfs dm-mod dm-thin-pool dm-snapshot target_core_mod target_core_iblock target_core_file iscsi_target_mod
  must mount -t configfs configfs /sys/kernel/config
  must mount -t ext4 -o errors=panic /dev/ubdb /var/lib/scoria
  # It will hold keys.
  must chmod 700 /var/lib/scoria
  printf '%s\n' 'devices { global_filter=["a|^/dev/ubda$|","r|.*|"] }' 'activation { monitoring=0 }' 'global { use_lvmpolld=0 }' > /etc/lvm/lvm.conf
else
  must modprobe -a sd_mod iscsi_tcp
  must mount -t tmpfs -o mode=700 tmpfs /etc/iscsi
  echo "InitiatorName=iqn.2026-01.io.scoria.test:$LAB_NAME" > /etc/iscsi/initiatorname.iscsi
  cp "$LAB_CHECKOUT/test/hosts/guest/iscsid.conf" /etc/iscsi/iscsid.conf
fi
must /lib/systemd/systemd-udevd --daemon
udevadm trigger --subsystem-match=block
must udevadm settle --timeout=30
if [ "$LAB_ROLE" = compute ]; then
  # In the foreground it tells what it does; there is no syslog to tell it to.
  # If a target hangs up in the middle of a login, open-iscsi 2.1.8, as Debian has it, may try for ever to bind a
  # connection that the kernel waits to be told to stop. Starting it again mends that and takes no session away, as OPERATIONS says.
  touch /lab/iscsid.log
  while :; do
    from=$(stat -c %s /lab/iscsid.log)
    iscsid --foreground --debug 1 >> /lab/iscsid.log 2>&1 < /dev/null &
    while sleep 2 && kill -0 $! 2> /dev/null && ! tail -c "+$((from + 1))" /lab/iscsid.log | grep -q "can't bind conn"; do :; done
    kill $! 2> /dev/null
    wait $!
    echo 'init: iscsid is started again' >> /lab/iscsid.log
  done &
else
  # The API listens on loopback only; who asks it from outside stands in for somebody on this host.
  socat -t60 "TCP-LISTEN:8776,bind=${LAB_ADDRESS%/*},fork,reuseaddr" TCP:127.0.0.1:8776 &
fi

cut -d ' ' -f 1 /proc/uptime > /lab/up
# A shell stays the first process: it buries what others leave behind.
while :; do
  /usr/bin/python3 -I -S "$LAB_CHECKOUT/test/hosts/guest/commands.py"
done
