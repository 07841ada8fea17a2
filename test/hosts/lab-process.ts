/** A lab of one host in a process of its own, for whoever wants to kill that process: says its folder, and stays. */
import { stdin, stdout } from 'node:process'
import { startLab } from './lab.ts'

const lab = await startLab({ storage: 1 })
stdout.write(`${lab.folder}\n`)
stdin.resume()
