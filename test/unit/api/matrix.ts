/**
 * The table of who gets what: a row for each call, with the codes for each caller on something of the caller's project,
 * of another one, and on something that is gone. A route without a row fails matrix.test.ts.
 */

/** In the order of the codes below. `member`, `reader`, `admin`, `service` act for one project, `stranger` for another. */
export const CALLERS = ['nobody', 'reader', 'member', 'admin', 'stranger', 'service'] as const

export type Kind =
  | 'volume'
  | 'qos'
  | 'snapshot'
  | 'reserved'
  | 'connected'
  | 'transfer'
  | 'type'
  | 'group-type'
  | 'group'
  | 'group-snapshot'
  | 'message'
  | 'project'
  | 'nothing'

export interface Row {
  /** `METHOD /path`, as in routes.ts. */
  readonly route: string
  /** What `:id` (or `:project`) stands for; absent: the call names nothing that could be another's. */
  readonly on?: Kind
  /** Codes of CALLERS, in turn. */
  readonly own: string
  readonly foreign?: string
  readonly gone?: string
  body?(id: string): object
}

const CONNECTOR = { initiator: 'iqn.1993-08.org.debian:01:a1', host: 'compute1', multipath: false }

/** Whoever has a role may, and there is nothing of others in it. */
const open = (code = 200) => ({ own: `401 ${code} ${code} ${code} ${code} ${code}` })
const read = (on: Kind) => ({ on, own: '401 200 200 200 404 200', foreign: '401 404 404 200 404 404', gone: '401 404 404 404 404 404' })
const write = (on: Kind, code: number) => ({
  on,
  own: `401 403 ${code} ${code} 404 ${code}`,
  foreign: `401 403 404 ${code} 404 404`,
  gone: '401 403 404 404 404 404',
})
const adminOn = (on: Kind, code: number) => ({
  on,
  own: `401 403 403 ${code} 403 403`,
  foreign: `401 403 403 ${code} 403 403`,
  gone: '401 403 403 404 403 403',
})
/** Of any project, for admins alone. */
const ofProject = (code: number) => ({ on: 'project' as const, own: adminOnly(code).own, foreign: adminOnly(code).own })
/** Of no project. */
const qos = (code: number) => ({ on: 'qos' as const, own: adminOn('qos', code).own, gone: adminOn('qos', code).gone })
const adminOnly = (code = 200) => ({ own: `401 403 403 ${code} 403 403` })

/** An action that any member may do with a volume. */
const act = (action: string, code: number, body: object = {}): Row => ({
  route: 'POST /volumes/:id/action',
  ...write('volume', code),
  body: () => ({ [action]: body }),
})

const metadata = (path: string, on: Kind): readonly Row[] => [
  { route: `GET ${path}`, ...read(on) },
  { route: `POST ${path}`, ...write(on, 200), body: () => ({ metadata: { a: 'b' } }) },
  { route: `PUT ${path}`, ...write(on, 200), body: () => ({ metadata: { kept: 'b' } }) },
  { route: `GET ${path}/kept`, ...read(on) },
  { route: `PUT ${path}/kept`, ...write(on, 200), body: () => ({ meta: { kept: 'b' } }) },
  { route: `DELETE ${path}/kept`, ...write(on, 200) },
]

export const NOBODYS = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0009'
const POOL = encodeURIComponent('alpha1@memory#pool')
const NOTHING = { 'source-name': 'nothing' }
const LUKS = { provider: 'luks', control_location: 'front-end' }
const COPY = '401 403 404 404 404 404'
const KEYLESS = '401 403 400 400 400 400'

export const GROUP = { group: { group_type: 'grouped', volume_types: ['shared'] } }

export const ROWS: readonly Row[] = [
  { route: 'GET ', ...open() },
  { route: 'GET /', ...open() },
  { route: 'GET /extensions', ...open() },
  { route: 'GET /resource_filters', ...open() },
  { route: 'GET /os-availability-zone', ...open() },
  { route: 'GET /limits', ...open() },

  { route: 'POST /volumes', own: '401 403 202 202 202 202', body: () => ({ volume: { size: 1 } }) },
  // What belongs to one project is not copied into another: its owner refuses that, whoever asks.
  { route: 'POST /volumes', ...write('volume', 202), foreign: COPY, body: (id) => ({ volume: { size: 1, source_volid: id } }) },
  { route: 'POST /volumes', ...write('snapshot', 202), foreign: COPY, body: (id) => ({ volume: { size: 1, snapshot_id: id } }) },
  { route: 'GET /volumes', ...open() },
  { route: 'GET /volumes/detail', ...open() },
  { route: 'GET /volumes/summary', ...open() },
  { route: 'GET /volumes/:id', ...read('volume') },
  { route: 'PUT /volumes/:id', ...write('volume', 200), body: () => ({ volume: { name: 'n' } }) },
  { route: 'DELETE /volumes/:id', ...write('volume', 202) },
  { route: 'DELETE /volumes/:id?cascade=true', ...write('volume', 202) },
  { route: 'DELETE /volumes/:id?force=true', ...adminOn('volume', 202) },
  { route: 'POST /volumes/:id/action', ...write('volume', 202), body: () => ({ 'os-extend': { new_size: 2 } }) },
  { route: 'POST /volumes/:id/action', ...adminOn('volume', 202), body: () => ({ 'os-force_delete': {} }) },
  { route: 'POST /volumes/:id/action', ...adminOn('volume', 202), body: () => ({ 'os-reset_status': { status: 'error' } }) },
  // That there is no such snapshot is told to whom the volume is there for.
  { route: 'POST /volumes/:id/action', ...write('volume', 404), body: () => ({ revert: { snapshot_id: NOBODYS } }) },
  { route: 'POST /volumes/:id/action', ...adminOn('volume', 202), body: () => ({ 'os-unmanage': {} }) },
  ...['os-reserve', 'os-unreserve', 'os-roll_detaching', 'os-detach'].map((action) => act(action, 202)),
  act('os-update_readonly_flag', 202, { readonly: true }),
  act('os-retype', 202, { new_type: 'shared' }),
  act('os-set_bootable', 200, { bootable: true }),
  act('os-set_image_metadata', 200, { metadata: { kept: 'a' } }),
  act('os-unset_image_metadata', 404, { key: 'kept' }),
  act('os-show_image_metadata', 200),
  act('os-begin_detaching', 400),
  act('os-initialize_connection', 200, { connector: CONNECTOR }),
  act('os-terminate_connection', 202, { connector: CONNECTOR }),
  act('os-attach', 202, { host_name: 'compute1', mountpoint: '/dev/vdb' }),
  { route: 'POST /volumes/:id/action', ...adminOn('volume', 202), body: () => ({ 'os-force_detach': {} }) },
  // What nothing here can carry out is refused to those who might ask for it, and to nobody else.
  { route: 'POST /volumes/:id/action', ...write('volume', 404), body: () => ({ 'os-reimage': { image_id: NOBODYS } }) },
  act('os-volume_upload_image', 400, { image_name: 'n' }),
  {
    route: 'POST /volumes/:id/action',
    ...write('volume', 400),
    own: '401 403 403 400 404 403',
    body: () => ({ 'os-volume_upload_image': { image_name: 'n', visibility: 'public' } }),
  },
  { route: 'POST /volumes/:id/action', ...adminOn('volume', 400), body: () => ({ 'os-migrate_volume': { host: 'nowhere' } }) },
  {
    route: 'POST /volumes/:id/action',
    ...adminOn('volume', 400),
    body: (id) => ({ 'os-migrate_volume_completion': { new_volume: id } }),
  },
  { route: 'POST /volumes/:id/action', ...adminOn('volume', 400), body: () => ({ 'os-extend_volume_completion': {} }) },
  ...metadata('/volumes/:id/metadata', 'volume'),
  { route: 'GET /volumes/:id/encryption', ...read('volume') },
  { route: 'GET /volumes/:id/encryption/encryption_key_id', ...read('volume') },
  ...['/manageable_volumes', '/os-volume-manage'].flatMap((path): readonly Row[] => [
    { route: `GET ${path}?host=${POOL}`, ...adminOnly() },
    { route: `GET ${path}/detail?host=${POOL}`, ...adminOnly() },
    { route: `POST ${path}`, ...adminOnly(400), body: () => ({ volume: { host: decodeURIComponent(POOL), ref: NOTHING } }) },
  ]),
  ...['/manageable_snapshots', '/os-snapshot-manage'].flatMap((path): readonly Row[] => [
    { route: `GET ${path}?host=${POOL}`, ...adminOnly() },
    { route: `GET ${path}/detail?host=${POOL}`, ...adminOnly() },
    { route: `POST ${path}`, ...adminOn('volume', 400), body: (id) => ({ snapshot: { volume_id: id, ref: NOTHING } }) },
  ]),

  { route: 'POST /snapshots', ...write('volume', 202), body: (id) => ({ snapshot: { volume_id: id } }) },
  { route: 'GET /snapshots', ...open() },
  { route: 'GET /snapshots/detail', ...open() },
  { route: 'GET /snapshots/:id', ...read('snapshot') },
  { route: 'PUT /snapshots/:id', ...write('snapshot', 200), body: () => ({ snapshot: { name: 'n' } }) },
  { route: 'DELETE /snapshots/:id', ...write('snapshot', 202) },
  { route: 'POST /snapshots/:id/action', ...adminOn('snapshot', 202), body: () => ({ 'os-force_delete': {} }) },
  { route: 'POST /snapshots/:id/action', ...adminOn('snapshot', 202), body: () => ({ 'os-reset_status': { status: 'error' } }) },
  { route: 'POST /snapshots/:id/action', ...adminOn('snapshot', 202), body: () => ({ 'os-unmanage': {} }) },
  {
    route: 'POST /snapshots/:id/action',
    ...write('snapshot', 400),
    body: () => ({ 'os-update_snapshot_status': { status: 'available' } }),
  },
  ...metadata('/snapshots/:id/metadata', 'snapshot'),

  ...['/os-volume-transfer', '/volume-transfers'].flatMap((path): readonly Row[] => [
    { route: `POST ${path}`, ...write('volume', 202), body: (id) => ({ transfer: { volume_id: id } }) },
    { route: `GET ${path}`, ...open() },
    { route: `GET ${path}/detail`, ...open() },
    { route: `GET ${path}/:id`, ...read('transfer') },
    { route: `DELETE ${path}/:id`, ...write('transfer', 202) },
    // Whoever knows the id may try a key, in whatever project; this is none.
    {
      route: `POST ${path}/:id/accept`,
      on: 'transfer',
      own: KEYLESS,
      foreign: KEYLESS,
      gone: COPY,
      body: () => ({ accept: { auth_key: 'x' } }),
    },
  ]),

  { route: 'POST /attachments', ...write('volume', 200), body: (id) => ({ attachment: { volume_uuid: id, connector: CONNECTOR } }) },
  { route: 'GET /attachments', ...open() },
  { route: 'GET /attachments/detail', ...open() },
  { route: 'GET /attachments/:id', ...read('connected') },
  { route: 'PUT /attachments/:id', ...write('reserved', 200), body: () => ({ attachment: { connector: CONNECTOR } }) },
  { route: 'DELETE /attachments/:id', ...write('connected', 200) },
  { route: 'POST /attachments/:id/action', ...write('connected', 204), body: () => ({ 'os-complete': {} }) },

  // Of types those that are not public are the foreign ones: they are there for admins alone.
  { route: 'GET /types', ...open() },
  { route: 'GET /types/default', ...open() },
  { route: 'GET /types/:id', ...read('type'), own: open().own },
  { route: 'GET /types/:id/extra_specs', ...read('type'), own: open().own },
  { route: 'GET /types/:id/extra_specs/multiattach', ...read('type'), own: open().own },
  { route: 'POST /types', ...adminOnly(), body: () => ({ volume_type: { name: `type-${Math.random()}` } }) },
  { route: 'PUT /types/:id', ...adminOn('type', 200), body: () => ({ volume_type: { description: 'd' } }) },
  { route: 'DELETE /types/:id', ...adminOn('type', 202) },
  { route: 'POST /types/:id/extra_specs', ...adminOn('type', 200), body: () => ({ extra_specs: { a: 'b' } }) },
  { route: 'PUT /types/:id/extra_specs/multiattach', ...adminOn('type', 200), body: () => ({ multiattach: '<is> False' }) },
  { route: 'DELETE /types/:id/extra_specs/multiattach', ...adminOn('type', 202) },

  // The list of a public type is not there.
  { route: 'GET /types/:id/os-volume-type-access', ...adminOn('type', 200), own: adminOn('type', 404).own },
  {
    route: 'POST /types/:id/action',
    ...adminOn('type', 202),
    own: adminOn('type', 400).own,
    body: () => ({ addProjectAccess: { project: 'x' } }),
  },
  {
    route: 'POST /types/:id/action',
    ...adminOn('type', 404),
    own: adminOn('type', 400).own,
    body: () => ({ removeProjectAccess: { project: 'x' } }),
  },

  { route: 'GET /types/:id/encryption', ...adminOn('type', 200) },
  { route: 'POST /types/:id/encryption', ...adminOn('type', 200), body: () => ({ encryption: LUKS }) },
  // A type that was just made has no record.
  { route: 'GET /types/:id/encryption/provider', ...adminOn('type', 404) },
  { route: 'PUT /types/:id/encryption/provider', ...adminOn('type', 404), body: () => ({ encryption: LUKS }) },
  { route: 'DELETE /types/:id/encryption/provider', ...adminOn('type', 404) },

  // The foreign ones are those that are not public, as with volume types.
  { route: 'GET /group_types', ...open() },
  { route: 'GET /group_types/default', ...open(404) },
  { route: 'GET /group_types/:id', ...read('group-type'), own: open().own },
  { route: 'POST /group_types', ...adminOnly(202), body: () => ({ group_type: { name: `type-${Math.random()}` } }) },
  { route: 'PUT /group_types/:id', ...adminOn('group-type', 200), body: () => ({ group_type: { description: 'd' } }) },
  { route: 'DELETE /group_types/:id', ...adminOn('group-type', 202) },
  { route: 'GET /group_types/:id/group_specs', ...adminOn('group-type', 200) },
  { route: 'POST /group_types/:id/group_specs', ...adminOn('group-type', 202), body: () => ({ group_specs: { a: 'b' } }) },
  { route: 'GET /group_types/:id/group_specs/kept', ...adminOn('group-type', 200) },
  { route: 'PUT /group_types/:id/group_specs/kept', ...adminOn('group-type', 200), body: () => ({ kept: 'b' }) },
  { route: 'DELETE /group_types/:id/group_specs/kept', ...adminOn('group-type', 202) },

  { route: 'POST /groups', own: '401 403 202 202 202 202', body: () => GROUP },
  { route: 'POST /groups/action', ...write('group', 400), body: (id) => ({ 'create-from-src': { source_group_id: id } }) },
  {
    route: 'POST /groups/action',
    ...write('group-snapshot', 202),
    foreign: '401 403 404 404 404 404',
    body: (id) => ({ 'create-from-src': { group_snapshot_id: id } }),
  },
  { route: 'GET /groups', ...open() },
  { route: 'GET /groups/detail', ...open() },
  { route: 'GET /groups/:id', ...read('group') },
  { route: 'PUT /groups/:id', ...write('group', 202), body: () => ({ group: { name: `n${Math.random()}` } }) },
  { route: 'POST /groups/:id/action', ...write('group', 202), body: () => ({ delete: {} }) },
  { route: 'POST /groups/:id/action', ...adminOn('group', 202), body: () => ({ reset_status: { status: 'error' } }) },
  ...['enable_replication', 'disable_replication', 'failover_replication', 'list_replication_targets'].map(
    (action): Row => ({ route: 'POST /groups/:id/action', ...write('group', 400), body: () => ({ [action]: {} }) }),
  ),
  // That a group has no volumes is told to whom it is there for.
  { route: 'POST /group_snapshots', ...write('group', 400), body: (id) => ({ group_snapshot: { group_id: id } }) },
  { route: 'GET /group_snapshots', ...open() },
  { route: 'GET /group_snapshots/detail', ...open() },
  { route: 'GET /group_snapshots/:id', ...read('group-snapshot') },
  { route: 'DELETE /group_snapshots/:id', ...write('group-snapshot', 202) },
  { route: 'POST /group_snapshots/:id/action', ...adminOn('group-snapshot', 202), body: () => ({ reset_status: { status: 'error' } }) },

  // There are none, as of backups.
  ...['/consistencygroups', '/cgsnapshots'].flatMap((path): readonly Row[] => [
    { route: `GET ${path}`, ...open() },
    { route: `GET ${path}/detail`, ...open() },
    { route: `POST ${path}`, own: '401 403 400 400 400 400', body: () => ({}) },
    { route: `GET ${path}/:id`, on: 'nothing', ...open(404) },
  ]),
  { route: 'POST /consistencygroups/create_from_src', own: '401 403 400 400 400 400', body: () => ({}) },
  { route: 'PUT /consistencygroups/:id/update', on: 'nothing', own: '401 403 404 404 404 404', body: () => ({}) },
  { route: 'POST /consistencygroups/:id/delete', on: 'nothing', own: '401 403 404 404 404 404', body: () => ({}) },
  { route: 'DELETE /cgsnapshots/:id', on: 'nothing', own: '401 403 404 404 404 404' },

  { route: 'POST /qos-specs', ...adminOnly(), body: () => ({ qos_specs: { name: `qos-${Math.random()}` } }) },
  { route: 'GET /qos-specs', ...adminOnly() },
  { route: 'GET /qos-specs/:id', ...qos(200) },
  { route: 'PUT /qos-specs/:id', ...qos(200), body: () => ({ qos_specs: { a: 'b' } }) },
  { route: 'PUT /qos-specs/:id/delete_keys', ...qos(202), body: () => ({ keys: ['kept'] }) },
  { route: 'GET /qos-specs/:id/associations', ...qos(200) },
  { route: 'GET /qos-specs/:id/associate?vol_type_id=shared', ...qos(202) },
  { route: 'GET /qos-specs/:id/disassociate?vol_type_id=shared', ...qos(202) },
  { route: 'GET /qos-specs/:id/disassociate_all', ...qos(202) },
  { route: 'DELETE /qos-specs/:id', ...qos(202) },

  { route: 'GET /default-types', ...adminOnly() },
  { route: 'PUT /default-types/:project', ...ofProject(200), body: () => ({ default_type: { volume_type: 'shared' } }) },
  { route: 'GET /default-types/:project', ...ofProject(200) },
  { route: 'DELETE /default-types/:project', ...ofProject(204) },
  { route: 'GET /os-quota-class-sets/default', ...adminOnly() },
  { route: 'PUT /os-quota-class-sets/default', ...adminOnly(), body: () => ({ quota_class_set: { snapshots: 1000 } }) },

  // There are none, and nobody is told more than that.
  { route: 'POST /backups', ...write('volume', 503), body: (id) => ({ backup: { volume_id: id } }) },
  { route: 'POST /backups/import_record', ...adminOnly(503), body: () => ({}) },
  { route: 'GET /backups', ...open() },
  { route: 'GET /backups/detail', ...open() },
  { route: 'GET /backups/:id', on: 'nothing', ...open(404) },
  { route: 'PUT /backups/:id', on: 'nothing', own: '401 403 404 404 404 404', body: () => ({ backup: { name: 'n' } }) },
  { route: 'DELETE /backups/:id', on: 'nothing', own: '401 403 404 404 404 404' },
  { route: 'POST /backups/:id/restore', on: 'nothing', own: '401 403 404 404 404 404', body: () => ({ restore: {} }) },
  { route: 'GET /backups/:id/export_record', on: 'nothing', ...adminOnly(404) },
  { route: 'POST /backups/:id/action', on: 'nothing', ...adminOnly(404), body: () => ({ 'os-force_delete': {} }) },

  { route: 'GET /messages', ...open() },
  { route: 'GET /messages/:id', ...read('message') },
  { route: 'DELETE /messages/:id', ...write('message', 204) },
  { route: 'GET /os-services', ...adminOnly() },
  { route: 'PUT /os-services/enable', ...adminOnly(404), body: () => ({ host: 'nowhere', binary: 'cinder-volume' }) },
  { route: 'PUT /os-services/disable', ...adminOnly(404), body: () => ({ host: 'nowhere', binary: 'cinder-volume' }) },
  {
    route: 'PUT /os-services/disable-log-reason',
    ...adminOnly(404),
    body: () => ({ host: 'nowhere', binary: 'cinder-volume', disabled_reason: 'r' }),
  },
  { route: 'PUT /os-services/freeze', ...adminOnly(404), body: () => ({ host: 'nowhere' }) },
  { route: 'PUT /os-services/thaw', ...adminOnly(404), body: () => ({ host: 'nowhere' }) },
  { route: 'PUT /os-services/set-log', ...adminOnly(202), body: () => ({ level: 'INFO' }) },
  { route: 'PUT /os-services/get-log', ...adminOnly(), body: () => ({}) },
  { route: 'PUT /os-services/failover_host', ...adminOnly(400), body: () => ({ host: 'alpha1' }) },
  { route: 'PUT /os-services/failover', ...adminOnly(400), body: () => ({ host: 'alpha1' }) },
  { route: 'GET /scheduler-stats/get_pools', ...adminOnly() },
  { route: 'GET /os-hosts', ...adminOnly() },
  { route: 'GET /os-hosts/alpha1', ...adminOnly() },
  // Nothing stands behind it, as in Cinder.
  { route: 'PUT /os-hosts/alpha1', ...adminOnly(500), body: () => ({ status: 'disable' }) },
  { route: 'GET /capabilities/alpha1', ...adminOnly() },
  { route: 'GET /clusters', ...adminOnly() },
  { route: 'GET /clusters/detail', ...adminOnly() },
  { route: 'GET /clusters/alpha1', ...adminOnly(404) },
  { route: 'PUT /clusters/enable', ...adminOnly(404), body: () => ({ name: 'c' }) },
  { route: 'PUT /clusters/disable', ...adminOnly(404), body: () => ({ name: 'c' }) },
  { route: 'POST /workers/cleanup', ...adminOnly(202), body: () => ({}) },
  // Whose limits they are is no secret: as in Cinder a 403.
  { route: 'GET /os-quota-sets/:project', on: 'project', own: '401 200 200 200 403 200', foreign: '401 403 403 200 403 403' },
  { route: 'GET /os-quota-sets/:project/defaults', on: 'project', own: '401 200 200 200 403 200', foreign: '401 403 403 200 403 403' },
  {
    route: 'PUT /os-quota-sets/:project',
    on: 'project',
    own: adminOnly().own,
    foreign: adminOnly().own,
    body: () => ({ quota_set: { snapshots: 1000 } }),
  },
  { route: 'DELETE /os-quota-sets/:project', on: 'project', own: adminOnly().own, foreign: adminOnly().own },

  { route: 'GET /openapi.json', ...open() },
  { route: 'GET /status', ...adminOnly() },
  { route: 'GET /hosts', ...adminOnly() },
  // What an admin is told then: it is the only host.
  { route: 'POST /hosts/alpha1/leave', ...adminOnly(409), body: () => ({ dry_run: true }) },
  { route: 'POST /hosts/alpha1/lost', ...adminOnly(409), body: () => ({ dry_run: true }) },
  { route: 'POST /placement/explain', ...adminOnly(), body: () => ({ size: 1 }) },
  { route: 'GET /orphans', ...adminOnly() },
  { route: 'POST /orphans/adopt', ...adminOnly(400), body: () => ({ name: 'nothing', host: decodeURIComponent(POOL) }) },
  { route: 'GET /volumes/:id/age', ...read('volume') },
  { route: 'POST /invites', ...adminOnly(), body: () => ({}) },
]
