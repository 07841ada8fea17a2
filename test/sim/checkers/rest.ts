/**
 * The cluster comes to rest once its troubles are over (I12, convergence).
 *
 * Nothing hangs in the middle, all peers show the same, bytes and records match one to one, targets serve what the
 * journals say and no more, and the registers account for exactly what there is.
 */
import { exportIqn } from '../../../lib/model/attachment.ts'
import { isGroup } from '../../../lib/model/group.ts'
import type { ProjectId, VolumeId } from '../../../lib/model/ids.ts'
import { canonicalJson } from '../../../lib/model/json.ts'
import type { LedgerEntry } from '../../../lib/model/ledger.ts'
import { addUsage, NO_USAGE, type Usage } from '../../../lib/model/quota.ts'
import { snapshotOf, usageOfRecord } from '../../../lib/model/snapshot.ts'
import type { Volume } from '../../../lib/model/volume.ts'
import type { VolumeTags } from '../../../lib/ports/backend.ts'
import { volumeBehindExport } from '../fakes/exports.ts'
import type { SimNode } from '../node.ts'
import { Violation } from '../violation.ts'
import type { AccountChecker } from './account.ts'
import { type Checker, lostVolumes, membersIn, type Scene } from './checker.ts'
import type { RegisterChecker } from './registers.ts'
import { type Owned, ownedOn } from './stored.ts'

const GIB = 1024 ** 3

export class RestChecker implements Checker {
  readonly #scene: Scene
  readonly #registers: RegisterChecker
  readonly #account: AccountChecker

  constructor(scene: Scene, registers: RegisterChecker, account: AccountChecker) {
    this.#scene = scene
    this.#registers = registers
    this.#account = account
  }

  unsettled(): readonly string[] {
    const open = [...membersIn(this.#scene).flatMap((node) => this.#unsettledOn(node)), ...this.#openGrants(), ...this.#openStep()]
    if (open.length > 0) return open
    const settled = this.#settledGrants()
    if (settled.length > 0) return settled
    const different = this.#differentViews()
    return different.length > 0 ? different : this.#openAccounts()
  }

  atRest(): void {
    for (const node of membersIn(this.#scene)) this.#checkBytes(node)
    for (const project of this.#registers.projects()) {
      const { used, real } = this.#accountOf(project)
      if (canonicalJson(used) !== canonicalJson(real)) {
        throw new Violation('I12', 'a register accounts for something else than there is', { project, used, real })
      }
    }
  }

  /** What the register counts, and what there is: on the disks of the members, and in the last logs and open grants of those that are lost, and in the grants of those that left. */
  #accountOf(project: ProjectId): { readonly used: Usage; readonly real: Usage } {
    const entries = [...this.#registers.chosen(project).values()]
    const { operator } = this.#scene
    let used = NO_USAGE
    let real = this.#account.usedBy(project)
    for (const entry of entries) {
      if (entry.kind === 'host') used = addUsage(used, entry.usage)
      if (entry.kind === 'bound') used = addUsage(used, entry.delta)
      if (entry.kind === 'bound' && (operator.isLost(entry.host) || operator.hasLeft(entry.host))) real = addUsage(real, entry.delta)
    }
    for (const { volume } of lostVolumes(this.#scene, entries)) if (volume.project === project) real = addUsage(real, usageOfRecord(volume))
    return { used, real }
  }

  /** Members close the account of a lost host when they look at it next. */
  #openAccounts(): readonly string[] {
    if (!this.#scene.nodes.some(({ id }) => this.#scene.operator.isLost(id))) return []
    return this.#registers.projects().flatMap((project) => {
      const { used, real } = this.#accountOf(project)
      return canonicalJson({ ...used }) === canonicalJson({ ...real }) ? [] : [`${project}: the account of a lost host is open`]
    })
  }

  #openStep(): readonly string[] {
    return this.#scene.operator.isStepping ? ['a step of the voting is open'] : []
  }

  #unsettledOn(node: SimNode): readonly string[] {
    const { name, peer } = node
    if (peer === null) return [`${name} is down`]
    if (peer.state !== 'ready') return [`${name} is ${peer.state}`]
    const open: string[] = []
    if (!node.isIdle) open.push(`${name} is at work`)
    for (const key of node.journal.keys()) if (key.startsWith('settled/')) open.push(`${name} has not folded ${key}`)
    const records = ownedOn(node)
    // What somebody has renamed by hand and back is noticed at a look.
    for (const { id } of node.volumes.list()) if (node.handled.has(id) && !records.has(id)) open.push(`${name} has not looked at ${id}`)
    for (const owned of records.values()) {
      const what = unsettledIn(owned)
      if (what !== null) open.push(`${name} ${owned.volume.id} ${what}`)
    }
    for (const what of taggedOtherwise(node)) open.push(`${name} has not tagged ${what}`)
    if (!servesWhatItShould(node)) open.push(`${name} serves something else than its journal says`)
    return open
  }

  #checkSnapshots(node: SimNode, records: ReadonlyMap<VolumeId, Owned>): void {
    const there = new Map(node.volumes.listSnapshots().map((found) => [found.id, found]))
    for (const found of there.values()) {
      const owned = records.get(found.volume)
      if (owned === undefined || snapshotOf(owned.volume, found.id) === null)
        throw new Violation('I12', 'bytes of a snapshot without a record', { host: node.name, found, owned })
    }
    for (const { volume } of records.values()) {
      for (const snapshot of volume.snapshots) {
        const isRight = there.get(snapshot.id)?.sizeBytes === snapshot.sizeGiB * GIB
        if (snapshot.status === 'available' && !isRight)
          throw new Violation('I12', 'a snapshot without its bytes', { host: node.name, snapshot, found: there.get(snapshot.id) })
      }
    }
  }

  #openGrants(): readonly string[] {
    return this.#registers
      .projects()
      .flatMap((project) =>
        [...this.#registers.chosen(project).values()]
          .filter((entry) => (entry.kind === 'bound' || entry.kind === 'intent') && !this.#mayStay(entry))
          .map((entry) => `${project}: open ${entry.kind} ${JSON.stringify(entry)}`),
      )
  }

  /** A host that is lost ends nothing any more. One that left made nothing of what it was granted, and its tenant has not deleted it yet. */
  #mayStay(entry: Extract<LedgerEntry, { kind: 'bound' | 'intent' }>): boolean {
    const { operator } = this.#scene
    return operator.isLost(entry.host) || (entry.kind === 'bound' && entry.spec !== null && operator.hasLeft(entry.host))
  }

  /** What a peer knows from its grant alone is in its owner's log as soon as that is heard, or out of the picture; or a register says that it was deleted. */
  #settledGrants(): readonly string[] {
    return membersIn(this.#scene).flatMap(({ name, peer }) =>
      [...(peer?.view.volumes.values() ?? [])].flatMap(({ volume, seq }) =>
        seq > 0 || this.#isGranted(volume) ? [] : [`${name} shows ${volume.id}, whose grant has ended`],
      ),
    )
  }

  #isGranted({ id, project }: Volume): boolean {
    const entries = this.#registers.chosen(project)
    if (entries.has(`gone/${id}`)) return true
    return [...entries.values()].some((entry) => entry.kind === 'bound' && entry.volume === id && entry.spec !== null)
  }

  #differentViews(): readonly string[] {
    const texts = membersIn(this.#scene).map((node) => ({ name: node.name, text: viewText(node) }))
    const [first] = texts
    return texts.filter(({ text }) => text !== first?.text).map(({ name }) => `${name} and ${first?.name} show different volumes`)
  }

  #checkBytes(node: SimNode): void {
    const records = ownedOn(node)
    for (const { id, sizeBytes } of node.volumes.list()) {
      const owned = records.get(id)
      if (owned === undefined) throw new Violation('I12', 'bytes without a record', { host: node.name, id })
      const isOdd = owned.step === 'built' && owned.volume.sizeGiB * GIB !== sizeBytes && owned.volume.status !== 'error_extending'
      if (isOdd) throw new Violation('I12', 'bytes and record differ in size', { host: node.name, owned, sizeBytes })
    }
    const there = new Set(node.volumes.list().map(({ id }) => id))
    for (const [id, owned] of records) {
      if (owned.step === 'built' && !isGroup(owned.volume) && !there.has(id))
        throw new Violation('I12', 'a record without bytes', { host: node.name, owned })
    }
    this.#checkSnapshots(node, records)
    const aside = node.volumes.quarantined.filter((id) => ![...node.handled].some((handled) => handled === id))
    if (aside.length > 0) throw new Violation('I12', 'bytes of ours were set aside', { host: node.name, volumes: aside })
  }
}

/** Bytes that say that they are another project's than their record does. */
function taggedOtherwise(node: SimNode): readonly string[] {
  const records = ownedOn(node)
  const isOdd = (volume: VolumeId, tags: VolumeTags | null): boolean => {
    const owned = records.get(volume)
    return owned !== undefined && tags !== null && tags.project !== owned.volume.project
  }
  return [
    ...node.volumes.list().filter(({ id, tags }) => isOdd(id, tags)),
    ...node.volumes.listSnapshots().filter(({ volume, tags }) => isOdd(volume, tags)),
  ].map(({ id }) => id)
}

/** A target that forgot everything is put right at the next look. */
function servesWhatItShould(node: SimNode): boolean {
  const wanted: string[] = []
  for (const { volume } of ownedOn(node).values()) {
    for (const attachment of volume.attachments)
      if (attachment.export === 'exported') wanted.push(exportIqn(volume.id, attachment.generation))
  }
  const isSmall = (iqn: string): boolean => node.exports.sizeOf(iqn) !== node.volumes.sizeOf(volumeBehindExport(iqn))
  if (wanted.some(isSmall)) return false
  return canonicalJson(wanted.sort()) === canonicalJson(node.exports.list().filter((iqn) => !isStuck(node, iqn)))
}

/** A fence that a target refused is shown as such, and left for an operator. */
function isStuck(node: SimNode, iqn: string): boolean {
  for (const { volume } of ownedOn(node).values()) {
    for (const attachment of volume.attachments) {
      if (attachment.status === 'error_detaching' && exportIqn(volume.id, attachment.generation) === iqn) return true
    }
  }
  return false
}

function unsettledIn({ step, pending, working, volume }: Owned): string | null {
  if (step === 'reserved' || step === 'committed' || step === 'deleting') return step
  if (volume.failure?.kind === 'missing') return 'is missing'
  if (pending !== null) return `has an open ${pending.kind}`
  if (working !== null) return `is at work: ${working.kind}`
  const moving = volume.snapshots.find(
    ({ status }) => status === 'creating' || status === 'restoring' || status === 'deleting' || status === 'unmanaging',
  )
  if (moving !== undefined) return `has a snapshot that is ${moving.status}`
  const open = volume.groupSnapshots?.find(({ status }) => status === 'creating' || status === 'deleting')
  if (open !== undefined) return `has a group snapshot that is ${open.status}`
  const half = volume.attachments.find(
    (attachment) => attachment.export === 'exporting' || (attachment.export === 'revoking' && attachment.status !== 'error_detaching'),
  )
  return half === undefined ? null : `has an attachment that is ${half.export}`
}

function viewText({ peer }: SimNode): string {
  if (peer === null) return ''
  // What one peer happens to know of a grant that its host never told of is no part of any log.
  const volumes = [...peer.view.volumes.values()].filter(({ seq }) => seq > 0).sort((a, b) => (a.volume.id < b.volume.id ? -1 : 1))
  return canonicalJson(volumes.map(({ volume, owner, seq }) => [owner, seq, volume]))
}
