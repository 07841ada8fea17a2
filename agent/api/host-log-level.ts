/** What the edge needs for the logs of all hosts; the network and this host's own log provide it. */
import type { PeerId } from '../../lib/model/ids.ts'
import type { LogLevelName } from '../../lib/wire/cinder/log-request.ts'

/** Of a host's log: makes it what is wanted, if anything is, and says what it is then; null: the host gave no answer. */
export type HostLogLevel = (host: PeerId, wanted: LogLevelName | null) => Promise<LogLevelName | null>
