import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ItemsRecord } from '../../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import { INFINITE_BOUND, type ItemKey, ZERO_BOUND } from '../../../../../../src/store/index.ts';
import { lacking, sorted } from '../../../../../conformance/dialect.ts';
import { assertProperty } from '../../../../../support/property.ts';
import { SeededRandom } from '../../../../../support/random.ts';
import { holding, itemsOf, ROOM, talk } from '../items.ts';
import { malformed, opened, say, tagsOf } from '../puppet.ts';
import { historyOf, open, openingOf } from '../support.ts';

const all = itemsOf('items', 300);
const idsOf = (keys: readonly ItemKey[]) => keys.map(({ id }) => id);
const ROLES = ['initiator', 'responder'] as const;
const other = (role: (typeof ROLES)[number]) => (role === 'initiator' ? 'responder' : 'initiator');

/** Each side lacks a part of `all`. */
const odd = all.filter((_, i) => i % 9 !== 0);
const even = all.filter((_, i) => i % 9 !== 4);

/** A session in which the side of `role` takes items, and each side lacks some. */
function taking(role: (typeof ROLES)[number], room = ROOM) {
  const sides = { initiator: holding(odd), responder: holding(even) };
  return talk({ ...sides, [role]: { ...sides[role], takesItems: room } });
}

describe('a side that takes items', () => {
  it('gets them in place of ids, and the other side gets ids', () => {
    for (const role of ROLES) {
      const { items, missing, sessions } = taking(role);
      const [ours, theirs] = role === 'initiator' ? [odd, even] : [even, odd];
      assert.deepEqual(sorted(idsOf(items[role])), lacking(ours, theirs));
      assert.deepEqual(missing[role], []);
      assert.deepEqual(items[other(role)], []);
      assert.deepEqual(sorted(missing[other(role)]), lacking(theirs, ours));
      for (const each of ROLES) assert.ok(sessions[each].finding!.proved);
    }
  });

  it('gets long items, and those past its room, as ids', () => {
    const mixed = itemsOf('mixed', 200, (i) => (i % 3 === 0 ? 513 : 512));
    const held = mixed.filter((_, i) => i % 10 > 1);
    const room = { maxBytes: 512, totalBytes: 512 * 20 };
    const { items, missing, sessions } = talk({
      initiator: { ...holding(held), takesItems: room },
      responder: holding(mixed),
    });
    assert.equal(items.initiator.length, 20);
    assert.ok(items.initiator.every(({ payload }) => payload.length === 512));
    const ids = [...idsOf(items.initiator), ...missing.initiator];
    assert.deepEqual(sorted(ids), lacking(held, mixed));
    assert.ok(sessions.initiator.finding!.proved);
  });

  it('gets items whose set is known by its root, and items of a range in full', () => {
    for (const [held, history] of [
      [200, historyOf(all, 200)],
      [0, undefined],
    ] as const) {
      const known = history === undefined ? {} : { history };
      const { items, missing, records } = talk({
        initiator: { ...holding(all.slice(0, held)), takesItems: ROOM },
        responder: { ...holding(all), ...known },
      });
      assert.deepEqual(sorted(idsOf(items.initiator)), sorted(idsOf(all.slice(held))));
      assert.deepEqual(missing.initiator, []);
      const told = records.filter((record): record is ItemsRecord => record.tag === 'items');
      assert.ok(told.every(({ of }) => of === (held === 0 ? 'piece' : 'recent')));
    }
  });

  it('gets every item or id once, whatever is short and held on both sides', () => {
    const lengths = fc.array(fc.nat({ max: 700 }), { minLength: 1, maxLength: 5 });
    const limits = fc.constantFrom(1_024, 65_536);
    assertProperty(
      fc.property(
        fc.nat(),
        lengths,
        fc.nat({ max: 60_000 }),
        limits,
        (seed, bytes, total, most) => {
          const set = itemsOf(`set ${seed}`, 150, (i) => bytes[i % bytes.length]!);
          const random = new SeededRandom(`held ${seed}`);
          const part = () => set.filter(() => random.bytes(1)[0]! % 5 > 0);
          const [a, b] = [part(), part()];
          const room = { maxBytes: 600, totalBytes: total };
          const shared = { takesItems: room, limits: { maxMessageBytes: most, maxRangeItems: 40 } };
          const { items, missing, sessions } = talk({
            initiator: { ...holding(a), ...shared },
            responder: { ...holding(b), ...shared },
          });
          for (const [role, ours, theirs] of [
            ['initiator', a, b],
            ['responder', b, a],
          ] as const) {
            const ids = [...idsOf(items[role]), ...missing[role]];
            assert.deepEqual(sorted(ids), lacking(ours, theirs));
            const payloads = items[role].reduce((sum, { payload }) => sum + payload.length, 0);
            assert.ok(payloads <= total);
            assert.ok(sessions[role].finding!.proved);
          }
        },
      ),
      { numRuns: 3 },
    );
  });

  it('gets ids alone of older nodes, of which it says nothing', () => {
    const { missing, items } = talk({
      initiator: { ...holding(odd), takesItems: null },
      responder: holding(even),
    });
    assert.deepEqual(items.initiator, []);
    assert.deepEqual(sorted(missing.initiator), lacking(odd, even));
  });

  it('has refused items counted, and does not hand them out', () => {
    const [refused, held] = [all[0]!, all.slice(10)];
    const { items, sessions } = talk({
      initiator: {
        ...holding(held),
        takesItems: ROOM,
        refuses: (id) => Buffer.compare(id, refused.id) === 0,
      },
      responder: holding(all),
    });
    assert.deepEqual(sorted(idsOf(items.initiator)), sorted(idsOf(all.slice(1, 10))));
    assert.equal(sessions.initiator.finding!.refused, 1);
    assert.ok(sessions.initiator.finding!.proved);
  });
});

describe('a peer that sends items', () => {
  const lower = { hint: all[100]!.hint, id: null };
  const interval = { lower, upper: INFINITE_BOUND };
  const taker = { keys: [], takesItems: { maxBytes: 100, totalBytes: 250 } };
  const piece = (...items: ItemsRecord['items']): ItemsRecord => ({
    tag: 'items',
    of: 'piece',
    group: 0,
    items,
  });
  const ask = (init = {}) => {
    const { session, said } = opened('responder', { ...taker, ...init }, { count: 1 });
    assert.deepEqual(tagsOf(said), ['open', 'want']);
    return session;
  };
  const none = { tag: 'piece', upper: null, ids: new Uint8Array(0) } as const;

  it('ends the session by an item that comes twice', () => {
    const twice = [piece(all[0]!), piece(all[0]!)];
    assert.throws(() => say(ask(), { tag: 'all' }, ...twice), malformed(/second time/));
    const listed = { tag: 'piece', upper: null, ids: all[0]!.id } as const;
    assert.throws(() => say(ask(), { tag: 'all' }, piece(all[0]!), listed), malformed(/second/));
  });

  it('ends the session by items that were not asked for', () => {
    const session = ask({ takesItems: null });
    assert.throws(() => say(session, { tag: 'all' }, piece(all[0]!)), malformed(/ids alone/));
    assert.throws(() => say(ask(), piece(all[0]!)), malformed(/not open/));
    const given = { ...piece(all[0]!), of: 'give' } as const;
    assert.throws(() => say(ask(), given), malformed(/group 0, which is not open/));
  });

  it('ends the session by an item that is too long, or by more than it may send', () => {
    const long = itemsOf('long', 1, () => 101);
    assert.throws(() => say(ask(), { tag: 'all' }, piece(...long)), malformed(/101 bytes/));
    const three = all.slice(0, 3);
    assert.throws(() => say(ask(), { tag: 'all' }, piece(...three)), malformed(/where 50/));
  });

  it('ends the session by an item below the floor or above the ceiling, or before the rest of a range', () => {
    const session = ask({ interval });
    assert.throws(() => say(session, { tag: 'all' }, piece(all[99]!)), malformed(/out of its/));
    const low = ask({ interval: { lower: ZERO_BOUND, upper: lower } });
    assert.throws(() => say(low, { tag: 'all' }, piece(all[100]!)), malformed(/out of its/));
    const cut = { tag: 'piece', upper: lower, ids: all[0]!.id } as const;
    const passed = [{ tag: 'all' }, cut, piece(all[1]!)] as const;
    assert.throws(() => say(ask(), ...passed), malformed(/out of its interval/));
  });

  it('proves nothing by wrong items, which come out all the same', () => {
    const session = ask();
    const [proof] = say(session, { tag: 'all' }, piece(all[0]!), none);
    assert.equal(proof!.tag, 'proof');
    say(session, { tag: 'proof', digest: new Uint8Array(16), refused: 0 });
    assert.equal(session.finding!.proved, false);
  });

  it('has a grant checked against what was asked for', () => {
    const [asked, lie] = [all.slice(0, 40), itemsOf('lie', 1)[0]!];
    const session = open('initiator', { keys: asked.slice(0, 39), takesItems: ROOM });
    session.start();
    const list = {
      tag: 'list',
      last: true,
      width: 8,
      entries: new SeededRandom('entries').bytes(8),
    } as const;
    const opening = openingOf(new SeededRandom('peer'), { count: 1 });
    assert.ok(tagsOf(say(session, opening, { tag: 'take', ranges: 1 }, list)).includes('match'));
    const grant: ItemsRecord = { tag: 'items', of: 'grant', group: 0, items: [lie] };
    assert.throws(() => say(session, grant), malformed(/does not hash to a short id/));
  });

  it('cannot have the reserved hint accepted, nor a record of nothing', () => {
    const reserved = { hint: INFINITE_BOUND.hint, payload: new Uint8Array(1) };
    assert.throws(() => say(ask(), { tag: 'all' }, piece(reserved)), malformed(/past infinity/));
    assert.throws(() => say(ask(), { tag: 'all' }, piece()), malformed(/1 to 1024 items, not 0/));
  });
});
