/**
 * Which file may import which: the direction of the house, held by a tool so that it cannot rot.
 *
 *   cli -> lib/{model,wire,config}          agent/agent.ts, main.ts, command/, local/ -> all of agent and lib
 *   agent/api -> agent/run -> lib           the other folders of agent never import each other
 *   lib/flows -> lib/{placement,replica,register,ledger} -> lib/model      lib/{ports,wire,config} -> lib/model
 *
 * Each npm package has one home. Tests stand outside: they may import what they check, and nothing imports them.
 */
const PRODUCT = '^(lib|agent|cli)/'

/** Package (as a pattern) -> the only folders of the product that may import it. */
const HOMES = [
  ['libp2p', '(libp2p|@libp2p/[^/]+|@chainsafe/libp2p-gossipsub|@multiformats/[^/]+)', '^agent/peer/'],
  ['level', '(level|classic-level|abstract-level)', '^agent/store/'],
  ['execa', 'execa', '^agent/system/'],
  ['fastify', 'fastify', '^agent/api/'],
  ['typebox', 'typebox', '^lib/(wire|config)/'],
  ['pino', 'pino', '^agent/system/'],
  // Configuration files are read in agent/system; the command line prints with `-o yaml`.
  ['yaml', 'yaml', '^(agent/system|cli)/'],
  ['commander', 'commander', '^cli/'],
  ['picocolors', 'picocolors', '^cli/'],
  ['noble-hashes', '@noble/hashes', '^lib/model/'],
]

const inPackage = (pattern) => `(^|/)node_modules/${pattern}/`

const homes = HOMES.map(([name, pattern, home]) => ({
  name: `home-of-${name}`,
  comment: `${name} is imported only below ${home}`,
  severity: 'error',
  from: { path: PRODUCT, pathNot: home },
  to: { path: inPackage(pattern) },
}))

/** Folder of lib -> the folders of lib that it may import besides itself. */
const LIB = {
  model: [],
  ports: ['model'],
  wire: ['model'],
  config: ['model'],
  placement: ['model'],
  membership: ['model'],
  replica: ['model'],
  register: ['model'],
  ledger: ['model'],
  // A machine's effects and events carry the outcomes that ports speak of. lib/ports is types only, so nothing can be called through it.
  flows: ['placement', 'membership', 'replica', 'register', 'ledger', 'model', 'ports'],
}

const layers = Object.entries(LIB).map(([folder, below]) => ({
  name: `lib-${folder}`,
  comment: `lib/${folder} imports ${below.length === 0 ? 'nothing else of lib' : `only lib/{${below.join(',')}} besides itself`}`,
  severity: 'error',
  from: { path: `^lib/${folder}/` },
  to: { path: '^lib/', pathNot: `^lib/(${[folder, ...below].join('|')})/` },
}))

module.exports = {
  forbidden: [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphan',
      comment: 'A file that imports nothing and that nothing imports does nothing.',
      severity: 'error',
      from: { orphan: true, path: '^(lib|agent|cli|test)/', pathNot: '\\.d\\.ts$' },
      to: {},
    },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    { name: 'nothing-imports-test', severity: 'error', from: { pathNot: '^test/' }, to: { path: '^test/' } },
    { name: 'no-import-of-build', severity: 'error', from: {}, to: { path: '^dist/' } },
    {
      name: 'lib-is-pure',
      comment: 'lib has no I/O, clock, randomness or process state: none of the modules of Node, none of agent or cli.',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^(agent|cli|test)/' },
    },
    { name: 'lib-has-no-node', severity: 'error', from: { path: '^lib/' }, to: { dependencyTypes: ['core'] } },
    {
      name: 'lib-has-only-known-folders',
      comment: 'A new folder of lib needs its line in the table above.',
      severity: 'error',
      from: { path: '^lib/', pathNot: `^lib/(${Object.keys(LIB).join('|')})/` },
      to: {},
    },
    ...layers,
    {
      name: 'hands-do-not-meet',
      comment:
        'What a folder of agent needs of another is handed in as a port by agent/agent.ts. Only what puts parts together may know them: the commands and the local cluster.',
      severity: 'error',
      from: { path: '^agent/([^/]+)/', pathNot: '^agent/(api|command|local)/' },
      to: { path: '^agent/', pathNot: '^agent/$1/' },
    },
    {
      name: 'api-asks-run',
      severity: 'error',
      from: { path: '^agent/api/' },
      to: { path: '^agent/', pathNot: '^agent/(api|run)/' },
    },
    {
      name: 'cli-speaks-rest',
      severity: 'error',
      from: { path: '^cli/' },
      to: { path: '^(agent|lib)/', pathNot: '^lib/(model|wire|config)/' },
    },
    { name: 'agent-does-not-know-cli', severity: 'error', from: { path: '^agent/' }, to: { path: '^cli/' } },
    {
      name: 'commands-have-one-home',
      comment: 'Processes are started in agent/system, behind the exec port. The runner of a local cluster starts agents.',
      severity: 'error',
      from: { path: '^agent/', pathNot: '^agent/(system|local)/' },
      to: { path: '^(node:)?child_process$' },
    },
    {
      name: 'no-homeless-package',
      comment: 'A package without a home here is one that nobody decided to take.',
      severity: 'error',
      from: { path: PRODUCT },
      to: { path: '(^|/)node_modules/', pathNot: HOMES.map(([, pattern]) => inPackage(pattern)) },
    },
    ...homes,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    // Type-only imports count: a layer that knows another's types knows the layer.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
