/**
 * Makes a target, or completes one that a crash cut off: target, LUN, account, and the initiator's name last.
 *
 * Who is bound gets in, so that the binding is the last step and proves all that came before it. A target whose name is
 * bound is never touched again: it may have live sessions. Names are bound and never addresses, for tgtd lets in whoever
 * matches one of the two.
 */
import type { AbortSignalLike } from '../../../lib/ports/backend.ts'
import { done, type Outcome } from '../../../lib/ports/outcome.ts'
import type { ExportSpec } from '../../../lib/ports/target.ts'
import { freeTid, type TgtTarget } from './show.ts'
import { problemOf, scsiId } from './spec.ts'
import { failed, isAbsence, type Tgtadm } from './tgtadm.ts'

export async function expose(tgtadm: Tgtadm, spec: ExportSpec, signal: AbortSignalLike): Promise<Outcome<void>> {
  const problem = problemOf(spec)
  if (problem !== null) return failed(problem)
  const before = await tgtadm.targets()
  if (before.kind !== 'ok') return before
  const there = before.value.find(({ iqn }) => iqn === spec.iqn)
  if (there !== undefined && there.acl.length > 0) return compared(there, spec)

  const tid = there?.tid ?? freeTid(before.value)
  for (const step of stepsTo(spec, tid, there)) {
    if (signal.aborted)
      return { kind: 'unknown', tool: 'tgtadm', detail: `the time limit passed before: ${step.args.slice(0, 4).join(' ')}` }
    const outcome = await tgtadm.call(step.args, step.secret)
    if (outcome.kind !== 'ok' && !(step.mayBeAbsent === true && isAbsence(outcome))) return outcome
  }

  const after = await tgtadm.targets()
  if (after.kind !== 'ok') return after
  const made = after.value.find(({ iqn }) => iqn === spec.iqn)
  return made === undefined
    ? failed(`target ${spec.iqn} was made and is not there: tgtd was restarted, or another program uses it`)
    : compared(made, spec)
}

interface Step {
  readonly args: readonly string[]
  readonly secret?: string
  readonly mayBeAbsent?: boolean
}

/** Nobody is bound yet, hence nobody is logged in: what is there may be made anew where it cannot be compared. */
function stepsTo(spec: ExportSpec, tid: number, there: TgtTarget | undefined): readonly Step[] {
  const target = ['--tid', String(tid)]
  const unit = [...target, '--lun', String(spec.lun)]
  const steps: Step[] = []
  if (there === undefined) steps.push({ args: ['--mode', 'target', '--op', 'new', ...target, '--targetname', spec.iqn] })
  // A LUN that is there may have been half made, and by a path that has moved since.
  if (there?.luns.some(({ lun }) => lun === spec.lun))
    steps.push({ args: ['--mode', 'logicalunit', '--op', 'delete', ...unit], mayBeAbsent: true })
  const id = scsiId(spec.iqn)
  const params = `vendor_id=SCORIA,product_id=VOLUME,scsi_id=${id},scsi_sn=${id},readonly=${spec.readOnly ? 1 : 0}`
  steps.push(
    { args: ['--mode', 'logicalunit', '--op', 'new', ...unit, '--bstype', 'rdwr', '--backing-store', spec.devicePath] },
    // tgtadm takes no parameters at `new`; until the binding nobody sees the LUN without them.
    { args: ['--mode', 'logicalunit', '--op', 'update', ...unit, '--params', params] },
    // A leftover of this name has a secret that cannot be read.
    { args: ['--mode', 'account', '--op', 'delete', '--user', spec.username], mayBeAbsent: true },
    { args: ['--mode', 'account', '--op', 'new', '--user', spec.username, '--password', spec.password], secret: spec.password },
    { args: ['--mode', 'account', '--op', 'bind', ...target, '--user', spec.username] },
    { args: ['--mode', 'target', '--op', 'bind', ...target, '--initiator-name', spec.initiator] },
  )
  return steps
}

/** The secret cannot be read back: an equal name on an equal target is taken for an equal secret. */
function compared(target: TgtTarget, spec: ExportSpec): Outcome<void> {
  const unit = target.luns.find(({ lun }) => lun === spec.lun)
  const pairs: readonly (readonly [string, string, string])[] = [
    ['initiators', target.acl.join(' '), spec.initiator],
    ['accounts', target.accounts.join(' '), spec.username],
    ['path', unit?.backingPath ?? '', spec.devicePath],
    ['read-only', String(unit?.isReadOnly), String(spec.readOnly)],
  ]
  const difference = pairs.find(([, found, wanted]) => found !== wanted)
  if (difference === undefined) return done(undefined)
  const [name, found, wanted] = difference
  return failed(`target ${spec.iqn} is there with another specification: ${name} ${found}, not ${wanted}`)
}
