/**
 * `npm run pictures`: makes the pictures of the docs anew. Three daemons take items for a minute, and a headless Chromium
 * shows the status page of the first. It needs Chromium in the PATH, or `RANGEMESH_CHROMIUM`.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { AdminClient } from './support/admin-client.ts';
import { chromiumPath } from './support/chromium-path.ts';
import { DaemonProcess } from './support/daemon-process.ts';
import { temporaryFolder } from './support/folders.ts';

const PICTURE = fileURLToPath(new URL('../docs/images/status-page.png', import.meta.url));
const VIEWPORT = { width: 1_160, height: 1_060 };
/** The plots are full then. */
const SECONDS = 60;
const MAX_PAYLOAD_BYTES = 2_000;
const SETTINGS = ['network.name=meadow', 'network.listen=/ip4/127.0.0.1/tcp/0', 'admin.port=0'];

const executablePath = chromiumPath();
if (executablePath === null) throw new Error('no Chromium is in the PATH: set RANGEMESH_CHROMIUM');
const folder = temporaryFolder('rangemesh-pictures');
const daemons: DaemonProcess[] = [];
try {
  const clients: AdminClient[] = [];
  for (const name of ['a', 'b', 'c']) {
    const args = SETTINGS.flatMap((setting) => ['--set', setting]);
    const daemon = await DaemonProcess.start({ dataDir: join(folder, name), args });
    daemons.push(daemon);
    clients.push(new AdminClient({ url: daemon.admin, token: await daemon.token() }));
  }
  const [address] = (await clients[0]!.status()).addresses;
  for (const client of clients.slice(1)) await client.addPeer(address!);
  await draw(daemons[0]!.admin, clients);
  for (const client of clients) client.close();
} finally {
  await Promise.all(daemons.map((daemon) => daemon.stop()));
}
console.log(`wrote ${PICTURE}`);

/** Has the page open while items come, at a rate that rises and falls. */
async function draw(url: string, clients: readonly AdminClient[]): Promise<void> {
  const browser = await chromium.launch({
    executablePath: executablePath!,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
  try {
    const page = await browser.newPage({ viewport: VIEWPORT, colorScheme: 'light' });
    await page.goto(url);
    await page.getByRole('heading', { name: 'In sync' }).waitFor();
    const end = performance.now() + SECONDS * 1_000;
    for (let number = 0; performance.now() < end; number++) {
      const payload = randomBytes(20 + ((number * 7_919) % MAX_PAYLOAD_BYTES));
      await clients[number % clients.length]!.put(payload);
      await sleep(150 + 350 * (1 + Math.sin(number / 9)));
    }
    await page.getByRole('heading', { name: 'In sync' }).waitFor();
    await page.screenshot({ path: PICTURE });
  } finally {
    await browser.close();
  }
}
