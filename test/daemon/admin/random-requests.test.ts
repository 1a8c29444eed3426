import { describe, it } from 'node:test';
import { checkRandomRequests } from './random-requests.ts';
import { SharedAdmin } from './running-admin.ts';

describe('1,000 random requests', () => {
  const running = new SharedAdmin();

  it('get answers that the document has, and never 500', () => checkRandomRequests(running, 1_000));
});
