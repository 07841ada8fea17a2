/** What a chaos run tells of itself: its faults and operations by kind, and of a violation the lines of the logs that name it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Finding, FindingKind } from '../load/ledger.ts'
import type { Hits } from './nemesis.ts'

const LINES_PER_LOG = 12
const LINE_CHARS = 400
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g

export function hitsText(hits: Readonly<Hits>): string {
  const { kill, 'kill-starting': starting } = hits
  return (
    `${kill + starting} agents killed (${starting} of them while they started), ${hits.stop} stopped, ${hits.cut} cuts both ways, ` +
    `${hits['cut-one-way']} cuts one way, ${hits.tgtd} tgtd killed, ${hits.reboot} reboots, ${hits['full-disk']} full disks`
  )
}

export function drilledText(drilled: ReadonlyMap<string, number>): string {
  return [...drilled].map(([fault, count]) => `${count} ${fault}`).join(', ')
}

export function verdictText(findings: readonly Finding[]): string {
  const of = (kind: FindingKind): number => findings.filter((one) => one.kind === kind).length
  const others = of('wrong')
  return `${of('lost')} lost, ${of('doubled')} doubled, ${of('leaked')} leaked${others === 0 ? '' : `, ${others} wrong otherwise`}`
}

/** The finding, and the last lines of each log that name what it is about. */
export function findingText({ kind, text, about }: Finding, folder: string): string {
  const words = about.length > 0 ? about : [...new Set(text.match(UUID))].slice(0, 3)
  return [`${kind}: ${text}`, ...logFiles(folder).flatMap((file) => linesAbout(file, words))].join('\n')
}

function logFiles(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .sort()
    .map((name) => join(folder, name))
}

function linesAbout(file: string, words: readonly string[]): readonly string[] {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => words.some((word) => line.includes(word)))
    .slice(-LINES_PER_LOG)
  return lines.length === 0 ? [] : [`  ${file}:`, ...lines.map((line) => `    ${line.slice(0, LINE_CHARS)}`)]
}
