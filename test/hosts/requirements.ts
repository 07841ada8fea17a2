/** What the machine needs so that test hosts can live on it; what is missing is named with its remedy. */
import { existsSync, readdirSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { geteuid } from 'node:process'

const PACKAGE_OF: Readonly<Record<string, string>> = {
  'linux.uml': 'user-mode-linux',
  insmod: 'kmod',
  lvm: 'lvm2',
  thin_check: 'thin-provisioning-tools',
  iscsid: 'open-iscsi',
  udevadm: 'udev',
  socat: 'socat',
  ip: 'iproute2',
  'mkfs.ext4': 'e2fsprogs',
  fio: 'fio',
  unshare: 'util-linux',
  dmidecode: 'dmidecode',
  'qemu-io': 'qemu-utils',
  'iscsi-test-cu': 'libiscsi-bin',
}
const OS_BRICK = '/usr/lib/python3/dist-packages/os_brick'
const PROGRAM_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']
const MODULES = '/usr/lib/uml/modules'
const MEMORY_FOLDER = '/dev/shm'

/** @throws Error that names everything that is missing */
export function checkRequirements(memoryMiB: number): void {
  const problems: string[] = []
  if (geteuid?.() !== 0) problems.push('root is needed, for a network of their own: run it with sudo')
  const packages = Object.entries(PACKAGE_OF).flatMap(([program, name]) => (isInstalled(program) ? [] : [name]))
  if (!existsSync(MODULES) || readdirSync(MODULES).length === 0) packages.push('user-mode-linux')
  if (!existsSync(OS_BRICK)) packages.push('python3-os-brick')
  if (packages.length > 0)
    problems.push(`packages are missing: bash .ci/setup hosts (or apt-get install ${[...new Set(packages)].join(' ')})`)
  if (!existsSync('/dev/net/tun')) problems.push('/dev/net/tun is missing: modprobe tun, or give it to the container')
  const { bavail, bsize } = statfsSync(MEMORY_FOLDER)
  const freeMiB = Math.floor((bavail * bsize) / 1024 / 1024)
  if (freeMiB < memoryMiB)
    problems.push(
      `${MEMORY_FOLDER} has ${freeMiB} MiB free and the hosts take up to ${memoryMiB}: mount -o remount,size=${memoryMiB + 512}M ${MEMORY_FOLDER}`,
    )
  if (problems.length > 0) throw new Error(`the test hosts cannot start:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
}

function isInstalled(program: string): boolean {
  return PROGRAM_FOLDERS.some((folder) => existsSync(join(folder, program)))
}
