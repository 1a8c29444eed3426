/** How people make a call: with a verb of the command line, and with curl. */
export interface ApiExample {
  /** Null: no verb makes this call alone. */
  readonly verb: string | null;
  /** What follows `curl -sf`; it runs in bash with `URL`, `AUTH`, `ID` and `PEER`. */
  readonly curl: string;
}

const AUTH = '-H "$AUTH"';
const json = (path: string, body: string, method = 'POST'): string =>
  `-X ${method} ${AUTH} -H 'Content-Type: application/json' -d ${body} "$URL${path}"`;
const get = (path: string): string => `${AUTH} "$URL${path}"`;
const post = (path: string): string => `-X POST ${AUTH} "$URL${path}"`;

const IDS = '"{\\"ids\\":[\\"$ID\\"]}"';
const ONE_PEER = '"{\\"peerId\\":\\"$PEER\\"}"';
const CHALLENGE = "$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \\n')";

/** By operation. */
export const API_EXAMPLES: Readonly<Record<string, ApiExample>> = {
  getLive: { verb: 'probe', curl: '"$URL/livez"' },
  getReady: { verb: 'probe', curl: '"$URL/readyz"' },
  getIdentity: { verb: null, curl: `"$URL/v1/identity/${CHALLENGE}"` },
  getPage: { verb: null, curl: '"$URL/"' },
  getStatus: { verb: 'status', curl: get('/v1/status') },
  listPeers: { verb: 'peers', curl: get('/v1/peers') },
  addPeer: {
    verb: 'peers add',
    curl: json('/v1/peers', `'{"address":"/ip4/192.0.2.1/tcp/9463"}'`),
  },
  removePeer: {
    verb: 'peers remove',
    curl: json('/v1/peers', `'{"address":"/ip4/192.0.2.1/tcp/9463"}'`, 'DELETE'),
  },
  pardonPeer: { verb: 'peers pardon', curl: post('/v1/peers/$PEER/pardon') },
  sync: { verb: 'sync', curl: post('/v1/sync') },
  getSynced: { verb: 'synced', curl: get('/v1/synced?provedSince=now&wait=30s') },
  diff: { verb: 'diff', curl: json('/v1/diff', ONE_PEER) },
  listSessions: { verb: 'sessions', curl: get('/v1/sessions') },
  listWants: { verb: 'wants', curl: get('/v1/wants?limit=100') },
  getPeer: { verb: 'peers show', curl: get('/v1/peers/$PEER') },
  forgetPeer: { verb: 'peers forget', curl: `-X DELETE ${get('/v1/peers/$PEER')}` },
  watchEvents: { verb: 'events', curl: `-N ${get('/v1/events?type=item')}` },
  listItems: { verb: 'ls', curl: get('/v1/items?limit=10') },
  putItem: { verb: 'put', curl: `${AUTH} --data-binary hello "$URL/v1/items?hint=1700000000000"` },
  getItem: { verb: 'get', curl: get('/v1/items/$ID') },
  whyItem: { verb: 'why', curl: get('/v1/items/$ID/why') },
  putItems: {
    verb: 'import',
    curl:
      `${AUTH} -H 'Content-Type: application/x-ndjson' ` +
      `-d '{"hint":"7","payload":"aGVsbG8="}' "$URL/v1/items/batch"`,
  },
  haveItems: { verb: null, curl: json('/v1/items/have', IDS) },
  getItems: { verb: null, curl: json('/v1/items/get', IDS) },
  exportItems: { verb: 'export', curl: get('/v1/export?format=ndjson') },
  refuse: { verb: 'refuse', curl: json('/v1/refused', IDS) },
  unrefuse: { verb: 'unrefuse', curl: json('/v1/refused', IDS, 'DELETE') },
  listRefused: { verb: 'refused ls', curl: get('/v1/refused?limit=100') },
  listChanges: { verb: 'changes', curl: get('/v1/changes?since=0&limit=100') },
  verify: { verb: 'verify', curl: post('/v1/verify') },
  getConfiguration: { verb: 'config show', curl: get('/v1/config') },
  reload: { verb: 'config reload', curl: post('/v1/config/reload') },
  setLogLevel: { verb: 'log level', curl: json('/v1/config/log-level', `'{"level":"debug"}'`) },
  pause: { verb: 'pause', curl: json('/v1/pause', ONE_PEER) },
  resume: { verb: 'resume', curl: post('/v1/resume') },
  compact: { verb: 'compact', curl: post('/v1/compact') },
  confirmRetention: { verb: 'retention confirm', curl: post('/v1/retention/confirm') },
  getOpenApi: { verb: null, curl: '"$URL/openapi.json"' },
  getMetrics: { verb: null, curl: get('/metrics') },
};
