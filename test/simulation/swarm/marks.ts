/** A rare path: the end of `text`, which stands in the file exactly once, must be reached by some seed. */
export interface Mark {
  readonly name: string;
  readonly file: string;
  readonly text: string;
}

const FETCHING = 'src/daemon/replicator/fetching';
const SET = 'src/protocol/reconciliation-set';
const SESSIONS = 'src/protocol/reconcile/sessions';
const RECOVERY = 'src/store/replica/recovery';
const PENALTIES = 'src/daemon/penalties';

function mark(name: string, file: string, text: string): Mark {
  return { name, file, text };
}

export const MARKS: readonly Mark[] = [
  mark(
    'a slow request is suspected',
    `${FETCHING}/request-reassignment.ts`,
    'request.suspectedAt ??= now;',
  ),
  mark(
    'a source waits for a slow request',
    `${FETCHING}/request-reassignment.ts`,
    'this.#crowdingAlarm.ensure(patienceMs, this.#init.wake);',
  ),
  mark(
    'large items wait for the memory of others',
    `${FETCHING}/claiming.ts`,
    'if (left) for (const id of ids) wanted.release(peer, id);',
  ),
  mark(
    'a request is abandoned before it ends',
    `${FETCHING}/request-runner.ts`,
    'if (!source.requests.delete(request)) return;',
  ),
  mark(
    'fetched items are not stored',
    `${FETCHING}/request-runner.ts`,
    'if (intake.error !== null) pause.refused(intake.error);',
  ),
  mark('a peer mirrors another', `${SET}/listings.ts`, 'this.#mirrored.set(peer, owner);'),
  mark('an id becomes an orphan', `${SET}/listings.ts`, 'else this.orphan(key);'),
  mark('a denied id is dropped', `${SET}/listings.ts`, 'else if (denied) this.remove(key);'),
  mark(
    'a claimed id is passed over',
    `${SET}/listings.ts`,
    'if (!passed.includes(listing.owner)) passed.push(listing.owner);',
  ),
  mark(
    'a session resumes where one stopped',
    `${SESSIONS}/service.ts`,
    'this.#resume.set(peer, continueFrom);',
  ),
  mark('a stream waits for the running session', `${SESSIONS}/service.ts`, 'this.#next.add(peer);'),
  mark(
    'a session spends its budget',
    'src/protocol/reconcile/report.ts',
    "report.error = { code: 'BUDGET_SPENT', message };",
  ),
  mark(
    'a failed commit is not there',
    `${RECOVERY}/set-lifecycle.ts`,
    "if (outcome === 'gone') throw refusal;",
  ),
  mark(
    'a failed commit is there after all',
    `${RECOVERY}/set-lifecycle.ts`,
    "else if (outcome === 'there') attempt?.late();",
  ),
  mark(
    'a database is opened later',
    `${RECOVERY}/set-lifecycle.ts`,
    'this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS);',
  ),
  mark(
    'a damaged index is built again',
    `${RECOVERY}/set-lifecycle.ts`,
    'this.#init.incidents.add(damage.code, message);',
  ),
  mark(
    'a commit is prepared again',
    'src/store/replica/commit/committer.ts',
    'void batch?.close();',
  ),
  mark('a peer is banned', `${PENALTIES}/penalties.ts`, 'this.#init.cutOff(peer);'),
  mark(
    'a ban is spared',
    `${PENALTIES}/penalties.ts`,
    "this.#tell('BAN_SPARED', banSpared(peer, code, minPeers), { peer });",
  ),
  mark('peers fail together', `${PENALTIES}/outages.ts`, 'this.#init.outage(together);'),
  mark(
    'a clock is not believed',
    'src/daemon/retention/floor-clock.ts',
    'this.#trouble = jumped(wall, expected);',
  ),
  mark(
    'items are removed',
    'src/store/replica/retention/set-retention.ts',
    'changes.pruned({ below, items });',
  ),
  mark(
    'an announced key waits for its item',
    'src/protocol/announce/service.ts',
    'const here = await this.#holds.until(wanted, origin.from);',
  ),
];
