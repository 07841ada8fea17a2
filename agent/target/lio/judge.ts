/**
 * From what a host has to what is wrong with it, for exports over LIO. Pure.
 *
 * `judgeLio` is what a start demands; `judgeLioHost` says besides what will be missing after a boot.
 */
import { type Finding, failure, fine, warning } from '../../../lib/model/finding.ts'
import { judgeAddress } from '../portal.ts'
import { LOAD_MODULES, NOT_LOADED } from './configfs.ts'
import type { LioFacts, LioHost } from './facts.ts'

export function judgeLio(facts: LioFacts, portal: string): readonly Finding[] {
  const address = judgeAddress(portal, facts.addresses)
  return [kernelFinding(facts), address, ...(address.level === 'fail' ? [] : [portFinding(facts, portal)])]
}

function kernelFinding({ isLoaded, isMounted, mount }: LioFacts): Finding {
  if (isLoaded) return fine('lio-kernel', 'configfs is mounted and the kernel’s target is loaded')
  if (isMounted) return failure('lio-kernel', NOT_LOADED, LOAD_MODULES)
  return failure(
    'lio-kernel',
    'configfs is not mounted',
    `mount -t configfs none ${mount}   # for good: systemctl enable --now sys-kernel-config.mount`,
  )
}

function portFinding({ portTrouble }: LioFacts, portal: string): Finding {
  if (portTrouble === null) return fine('portal-port', `the kernel can listen on ${portal}`)
  return failure(
    'portal-port',
    `the kernel cannot listen on ${portal} (${portTrouble}): another program has it, perhaps tgtd, or a target of the kernel's on every address`,
    'systemctl disable --now tgt   # ss -ltnp shows who has it; or set target.portal to another port',
  )
}

export function judgeLioHost({ notAtBoot, dbroot, missingFolders, hasSavedOurs }: LioHost): readonly Finding[] {
  const boot =
    notAtBoot.length === 0
      ? fine('lio-boot', 'the kernel’s target is loaded at each boot')
      : failure(
          'lio-boot',
          `no file in /etc/modules-load.d names ${notAtBoot.join(' and ')}, so that the agent does not start after a boot`,
          "printf '%s\\n' target_core_mod iscsi_target_mod > /etc/modules-load.d/scoria.conf",
        )
  const saved = hasSavedOurs
    ? failure(
        'lio-saved',
        'targetcli has saved exports of Scoria: a boot would bring back those that nobody has any more',
        'targetctl clear; rm /etc/rtslib-fb-target/saveconfig.json   # and never `targetctl save` or `saveconfig` on this host',
      )
    : fine('lio-saved', 'targetcli keeps no copy of exports')
  // Without the kernel's target there is nothing to be said of its folder.
  if (dbroot === '') return [boot, saved]
  const reservations =
    missingFolders.length === 0
      ? fine('lio-reservations', `the kernel keeps SCSI reservations in ${dbroot}/pr`)
      : warning(
          'lio-reservations',
          `${missingFolders.join(' and ')}, where the kernel keeps SCSI reservations, is not there`,
          `mkdir -p ${missingFolders.join(' ')}`,
        )
  return [boot, reservations, saved]
}
