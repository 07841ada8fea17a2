/** `scoria volume …`: the verbs on volumes. */
import type { Command } from 'commander'
import type { Terminal } from '../terminal.ts'
import { addVolumeCreate } from './volume-create.ts'
import { addVolumeDelete } from './volume-delete.ts'
import { addVolumeList, addVolumeShow } from './volume-read.ts'
import { addVolumeManage } from './volume-manage.ts'
import { addVolumeTransfer } from './volume-transfer.ts'
import { addVolumeRevert } from './volume-revert.ts'
import { addVolumeExtend, addVolumeSet, addVolumeUnset } from './volume-change.ts'

export function addVolume(program: Command, terminal: Terminal): void {
  const volume = program
    .command('volume')
    .alias('vol')
    .description('volumes: create, list, show, set, unset, extend, revert, delete, manage, transfer')
  addVolumeCreate(volume, terminal)
  addVolumeList(volume, terminal)
  addVolumeShow(volume, terminal)
  addVolumeSet(volume, terminal)
  addVolumeUnset(volume, terminal)
  addVolumeExtend(volume, terminal)
  addVolumeRevert(volume, terminal)
  addVolumeDelete(volume, terminal)
  addVolumeManage(volume, terminal)
  addVolumeTransfer(volume, terminal)
}
