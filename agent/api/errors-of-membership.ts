/** Answers to changes of the membership that are refused. Nothing of what is refused here has been done. */
import type { Rows } from './error-rows.ts'
import type { MembershipFailure } from './membership.ts'

/** Ids that a sentence may hold; the dry run lists them all. */
const SHOWN_MAX = 5

export const MEMBERSHIP_ERRORS: Rows<MembershipFailure> = {
  'key-elsewhere': {
    status: 409,
    name: 'NoClusterKey',
    help: 'Only the host that ran `init` holds the cluster’s key and can sign a change. Run the command there.',
    text: (f) => `NoClusterKey: this host does not hold the cluster's key. Run on the host that ran scoria init: ${f.command}`,
  },
  'step-pending': {
    status: 503,
    name: 'StepPending',
    retryAfterS: 2,
    help: 'The accounts still move after the change of the hosts before this one. `scoria host list` shows how many are left, and on which hosts; all agents have to run.',
    text: (f) => `StepPending: the accounts still move after change ${f.epoch} of the voting hosts; hosts come and go one at a time.`,
  },
  'host-unknown': {
    status: 404,
    name: 'HostNotFound',
    help: 'No host of the cluster has this name: `scoria host list`.',
    text: (f) => `Host ${f.name} is not in the cluster.`,
  },
  'lost-before': {
    status: 409,
    name: 'HostLost',
    help: 'The host was marked as lost before. It stays in the list so that its volumes are shown as lost.',
    text: (f) => `HostLost: host ${f.name} is marked as lost already.`,
  },
  'last-voter': {
    status: 409,
    name: 'LastVoter',
    help: 'Nobody would be left to keep the projects’ accounts. Let another host join first.',
    text: (f) => `LastVoter: ${f.name} is the last host that votes; nobody would keep the accounts.`,
  },
  'too-few-left': {
    status: 409,
    name: 'TooFewLeft',
    help: 'In a cluster of fewer than three voting hosts each account lies on one host alone, and what lies on a lost one cannot be moved. Bring the host back.',
    text: (f) =>
      `TooFewLeft: with ${f.voters} voting hosts each project's account lies on one host alone, and those on ${f.name} could never be read again. Bring it back.`,
  },
  founding: {
    status: 409,
    name: 'ClusterForming',
    help: 'Before all founding hosts have joined none can go. To begin with others, make the cluster anew.',
    text: (f) => `ClusterForming: ${f.joined} of ${f.expect} founding hosts have joined; none can go before all have.`,
  },
  'host-not-empty': {
    status: 409,
    name: 'HostNotEmpty',
    help: 'A host that leaves must hold no volume: copy what is needed, delete the rest. `scoria leave HOST --dry-run` lists them.',
    text: (f) => {
      const rest = f.volumes.length > SHOWN_MAX ? ` and ${f.volumes.length - SHOWN_MAX} more` : ''
      const count = `${f.volumes.length} ${f.volumes.length === 1 ? 'volume' : 'volumes'}`
      return `HostNotEmpty: ${count} on ${f.name}: ${f.volumes.slice(0, SHOWN_MAX).join(', ')}${rest}.`
    },
  },
  'host-answers': {
    status: 409,
    name: 'HostAnswers',
    help: 'A host that answers is not lost, and marking it cuts it off from its volumes for good. To take it out of the cluster: `scoria leave HOST`.',
    text: (f) =>
      f.agoMs === null
        ? `HostAnswers: this agent started a moment ago and cannot say yet that ${f.name} is silent. Ask again in half a minute.`
        : `HostAnswers: ${f.name} was heard ${(f.agoMs / 1000).toFixed(0)} s ago: it is not lost.`,
  },
  'host-silent': {
    status: 409,
    name: 'HostSilent',
    help: 'Only a host that answers can say that it holds nothing. Start its agent; if it is gone for good: `scoria peer lost HOST`.',
    text: (f) => `HostSilent: ${f.name} does not answer, and only it can say that it holds nothing.`,
  },
}
