/** `scoria group …`: what is about groups of volumes. */
import type { Command } from 'commander'
import type { Terminal } from '../terminal.ts'
import { addGroupType } from './group-type.ts'

export function addGroup(program: Command, terminal: Terminal): void {
  const group = program.command('group').description('groups of volumes: type')
  addGroupType(group, terminal)
}
