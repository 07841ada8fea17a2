/** `scoria group …`: groups of volumes, with the verbs of `openstack volume group`. */
import type { Command } from 'commander'
import type { Terminal } from '../terminal.ts'
import { addGroupCreate, addGroupDelete, addGroupSet } from './group-change.ts'
import { addGroupList, addGroupShow } from './group-read.ts'
import { addGroupSnapshot } from './group-snapshot.ts'
import { addGroupType } from './group-type.ts'

export function addGroup(program: Command, terminal: Terminal): void {
  const group = program.command('group').description('groups of volumes: create, list, show, set, delete, snapshot, type')
  addGroupCreate(group, terminal)
  addGroupList(group, terminal)
  addGroupShow(group, terminal)
  addGroupSet(group, terminal)
  addGroupDelete(group, terminal)
  addGroupSnapshot(group, terminal)
  addGroupType(group, terminal)
}
