/** A compute host: the kernel's own iSCSI initiator, and what somebody does with a volume there. */
import type { SeenConnection } from '../cluster/client.ts'
import type { Guest } from './guest.ts'

export interface ComputeHost extends Guest {
  /** Its name as an initiator, for attachments. */
  readonly initiator: string
  /** Logs in. @returns the device. @throws with what iscsiadm said */
  login(connection: SeenConnection): Promise<string>
  /** Ends the session, also one that is broken. */
  logout(connection: SeenConnection): Promise<void>
  /** Writes so many MiB from the start of the device, past all caches, of lines that hold `text` and their own number. */
  write(device: string, text: string, mib: number): Promise<void>
  /** Of the first MiB of the device, past all caches. */
  sha256(device: string, mib: number): Promise<string>
}

const LOGIN_MS = 60_000
const TRANSFER_MS = 120_000

export function createComputeHost(guest: Guest): ComputeHost {
  return {
    ...guest,
    initiator: `iqn.2026-01.io.scoria.test:${guest.name}`,
    async login({ portal, iqn, lun, username, password }) {
      const node = `iscsiadm --mode node --targetname ${iqn} --portal ${portal}`
      const set = (key: string, value: string): string => `${node} --op update --name node.session.auth.${key} --value ${value}`
      const steps = [`${node} --op new > /dev/null`]
      if (username !== '') steps.push(set('authmethod', 'CHAP'), set('username', username), set('password', password))
      const path = `/dev/disk/by-path/ip-${portal}-iscsi-${iqn}-lun-${lun}`
      const seen = `for look in $(seq 200); do [ -b ${path} ] && exec readlink -f ${path}; sleep 0.1; done; echo "no device ${path}" >&2; exit 1`
      steps.push(`${node} --login >&2`, `{ ${seen}; }`)
      return (await guest.must(steps.join(' && '), { timeoutMs: LOGIN_MS })).trim()
    },
    async logout({ portal, iqn }) {
      const node = `iscsiadm --mode node --targetname ${iqn} --portal ${portal}`
      await guest.must(`${node} --logout && ${node} --op delete`, { timeoutMs: LOGIN_MS })
    },
    async write(device, text, mib) {
      const lines = `seq -f '${text} %.0f' 1 1000000000 | head -c ${mib}M`
      await guest.must(`${lines} | dd of=${device} bs=1M iflag=fullblock oflag=direct conv=fsync status=none`, { timeoutMs: TRANSFER_MS })
    },
    async sha256(device, mib) {
      const read = `dd if=${device} bs=1M count=${mib} iflag=direct status=none`
      return (await guest.must(`${read} | sha256sum | cut -d ' ' -f 1`, { timeoutMs: TRANSFER_MS })).trim()
    },
  }
}
