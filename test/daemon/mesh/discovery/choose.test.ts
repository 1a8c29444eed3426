import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  choose,
  exchanged,
  type Link,
  type MeshSituation,
  ownChoice,
  trimmedTo,
  upperBound,
} from '../../../../src/daemon/mesh/discovery/testing.ts';
import { assertProperty } from '../../../support/property.ts';
import { SeededRandom } from '../../../support/random.ts';

const link = (peer: string, init: Partial<Link> = {}): Link => ({
  peer,
  kept: false,
  busy: false,
  dialled: false,
  since: 0,
  ...init,
});
const links = (count: number, init: Partial<Link> = {}) =>
  Array.from({ length: count }, (_, i) => link(`link${i}`, { since: i, ...init }));
const candidates = (count: number, shy = false) =>
  Array.from({ length: count }, (_, i) => ({ peer: `candidate${i}`, shy }));
const situation = (init: Partial<MeshSituation>): MeshSituation => ({
  degree: 4,
  links: [],
  dialling: 0,
  candidates: [],
  exchange: false,
  trimming: false,
  ...init,
});
const random = new SeededRandom('choose');

const situations: fc.Arbitrary<MeshSituation> = fc
  .record({
    degree: fc.integer({ min: 1, max: 12 }),
    links: fc.array(
      fc.record({
        kept: fc.boolean(),
        busy: fc.boolean(),
        dialled: fc.boolean(),
        since: fc.nat(99),
      }),
      { maxLength: 40 },
    ),
    dialling: fc.nat(12),
    candidates: fc.array(fc.record({ shy: fc.boolean() }), { maxLength: 40 }),
    exchange: fc.boolean(),
    trimming: fc.boolean(),
  })
  .map((init) => ({
    ...init,
    links: init.links.map((each, i) => ({ ...each, peer: `link${i}` })),
    candidates: init.candidates.map(({ shy }, i) => ({ peer: `candidate${i}`, shy })),
  }));

describe('choose', () => {
  it('dials half of the missing connections, at least one', () => {
    const dials = (connected: number, dialling = 0) =>
      choose(situation({ links: links(connected), dialling, candidates: candidates(9) }), random)
        .dial.length;
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5].map((connected) => dials(connected)),
      [2, 2, 1, 1, 0, 0],
    );
    assert.deepEqual([dials(0, 4), dials(2, 1), dials(9, 9)], [0, 1, 0]);
  });

  it('dials a peer that has just hung up only when others are too few', () => {
    const { dial } = choose(
      situation({ candidates: [...candidates(9, true), { peer: 'other', shy: false }] }),
      random,
    );
    assert.equal(dial[0], 'other');
    assert.equal(dial.length, 2);
  });

  it('dials one more to exchange it, not while it dials anyway', () => {
    const dials = (init: Partial<MeshSituation>) =>
      choose(situation({ exchange: true, candidates: candidates(9), ...init }), random).dial.length;
    assert.equal(dials({ links: links(4) }), 1);
    assert.equal(dials({ links: links(4), dialling: 1 }), 0);
    assert.equal(dials({ links: links(4), candidates: [] }), 0);
  });

  it('closes the youngest one at a time, from above twice the degree to one and a half', () => {
    let open = links(9);
    let trimming = false;
    const gone: string[] = [];
    for (;;) {
      const choice = choose(situation({ links: open, trimming }), random);
      trimming = choice.trimming;
      if (choice.close.length === 0) break;
      gone.push(...choice.close);
      open = open.filter(({ peer }) => !choice.close.includes(peer));
    }
    assert.deepEqual(gone, ['link8', 'link7', 'link6']);
    assert.equal(trimming, false);
    assert.deepEqual(choose(situation({ links: links(8) }), random).close, []);
  });

  it('closes no kept and no busy peer', () => {
    for (const init of [{ kept: true }, { busy: true }]) {
      const { close } = choose(situation({ links: links(20, init) }), random);
      assert.deepEqual(close, []);
    }
  });

  it('closes inbound peers before half a degree of the peers that it chose', () => {
    const chosen = links(2, { dialled: true, since: 99 });
    const insisting = Array.from({ length: 17 }, (_, i) => link(`insisting${i}`, { kept: true }));
    const given = situation({ links: [...chosen, ...insisting], trimming: true });
    assert.deepEqual(choose(given, random).close, []);
    const [more] = links(1, { dialled: true, since: 50 });
    const { close } = choose(
      { ...given, links: [...given.links, { ...more!, peer: 'x' }] },
      random,
    );
    assert.equal(close.length, 1);
  });

  it('continues to choose a few peers itself, however many connect', () => {
    const given = situation({ links: links(20, { kept: true }), candidates: candidates(3) });
    assert.equal(choose({ ...given, exchange: true }, random).dial.length, 1);
    assert.equal(choose(given, random).dial.length, 0);
    const chosen = links(2, { dialled: true });
    const enough = { ...given, links: [...given.links, ...chosen], exchange: true };
    assert.equal(choose(enough, random).dial.length, 0);
  });

  it('stays within its bounds whatever the situation', () => {
    assertProperty(
      fc.property(situations, (given) => {
        const { degree, links, dialling } = given;
        const { dial, close, trimming } = choose(given, random);
        const after = links.length + dialling + dial.length;
        if (dial.length > 0 && !given.exchange) assert.ok(after <= degree);
        const own = links.filter(({ dialled }) => dialled);
        if (dial.length > 0 && own.length >= ownChoice(degree))
          assert.ok(after <= upperBound(degree));
        if (own.length <= ownChoice(degree))
          assert.ok(own.every(({ peer }) => !close.includes(peer)));
        assert.equal(new Set(dial).size, dial.length);
        assert.ok(close.length <= 1);
        assert.ok(close.length === 0 || links.length - 1 >= trimmedTo(degree));
        assert.ok(links.every(({ peer, kept, busy }) => !close.includes(peer) || (!kept && !busy)));
        assert.ok(trimming || links.length <= upperBound(degree));
        const spared = own.length <= ownChoice(degree);
        const free = links.some(
          ({ kept, busy, dialled }) => !kept && !busy && !(spared && dialled),
        );
        assert.equal(close.length === 1, trimming && free);
      }),
    );
  });
});

describe('exchanged', () => {
  it('is the youngest but the new one, and no peer at the degree', () => {
    assert.equal(exchanged({ degree: 4, links: links(4) }, 'link3'), undefined);
    assert.equal(exchanged({ degree: 4, links: links(5) }, 'link4'), 'link3');
    assert.equal(exchanged({ degree: 4, links: links(5, { kept: true }) }, 'link4'), undefined);
  });
});
