import Fastify from 'fastify';
import { openDatabase } from '../../src/store/index.ts';
import { SyncedGroup } from './synced-group.ts';

/**
 * The least that a durable put over HTTP costs: fastify, and one synced batch of LevelDB for all puts that come
 * while another batch is written. It hashes no id, checks no token and counts nothing, so a daemon must spend more.
 * Prints its URL; ends with its parent.
 */
const database = await openDatabase(process.argv[2]!);
const group = new SyncedGroup(database);
const app = Fastify({ logger: false });
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
app.post('/v1/items', async ({ query, body }) => {
  const { hint } = query as { hint: string };
  await group.put(Buffer.from(hint), body as Buffer);
  return { id: hint, hint, created: true };
});
const url = await app.listen({ host: '127.0.0.1', port: 0 });
process.send?.({ url });
