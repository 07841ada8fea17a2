/** `scoria snapshot …`: the verbs on snapshots. */
import type { Command } from 'commander'
import type { Terminal } from '../terminal.ts'
import { addSnapshotCreate, addSnapshotDelete, addSnapshotSet } from './snapshot-change.ts'
import { addSnapshotManage } from './snapshot-manage.ts'
import { addSnapshotList, addSnapshotShow } from './snapshot-read.ts'

export function addSnapshot(program: Command, terminal: Terminal): void {
  const snapshot = program.command('snapshot').alias('snap').description('snapshots of volumes: create, list, show, set, delete, manage')
  addSnapshotCreate(snapshot, terminal)
  addSnapshotList(snapshot, terminal)
  addSnapshotShow(snapshot, terminal)
  addSnapshotSet(snapshot, terminal)
  addSnapshotDelete(snapshot, terminal)
  addSnapshotManage(snapshot, terminal)
}
