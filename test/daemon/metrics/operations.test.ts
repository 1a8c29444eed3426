import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { processMetrics } from '../../../src/daemon/metrics/index.ts';
import { Turns } from '../../../src/protocol/index.ts';
import { VirtualClock } from '../../support/clock.ts';
import { declared } from './support.ts';

const DOCS = new URL('../../../docs/', import.meta.url);
const ALERTS = new URL('operations/alerts.yaml', DOCS);
const ALERT_TESTS = new URL('alerts.promtool.yaml', import.meta.url);

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly action: string };
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly { readonly expr: string }[];
}

async function rules(): Promise<Rule[]> {
  const { groups } = parse(await readFile(ALERTS, 'utf8'));
  return groups.flatMap((group: { rules: Rule[] }) => group.rules);
}

async function panels(): Promise<Panel[]> {
  const text = await readFile(new URL('operations/grafana-dashboard.json', DOCS), 'utf8');
  return JSON.parse(text).panels;
}

async function panelExpressions(): Promise<string[]> {
  return (await panels()).flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
}

/** The names of samples: a histogram has three of them. */
async function sampleNames(): Promise<Set<string>> {
  const own = (await declared()).flatMap(({ name, type }) =>
    type === 'histogram' ? ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`) : [name],
  );
  const ofProcess = [
    ...(await nodeMetrics(new Turns({ clock: new VirtualClock() }))).matchAll(
      /^# TYPE (\w+) gauge|^# TYPE (\w+) counter/gm,
    ),
  ];
  return new Set(['up', ...own, ...ofProcess.map(([, gauge, counter]) => (gauge ?? counter)!)]);
}

const nodeMetrics = processMetrics();

function namesIn(expression: string): string[] {
  const found = expression.matchAll(/\b(?:rangemesh|nodejs|process|libp2p)_\w+|\bup\b/g);
  return [...found].map(([name]) => name);
}

/** The labels by which an expression chooses or groups samples of rangemesh, but those of Prometheus. */
function labelsIn(expression: string): string[] {
  const chosen = [...expression.matchAll(/(\w+)\s*(?:=~|!=|=)\s*"/g)].map(([, label]) => label!);
  const grouped = [...expression.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list]) =>
    list!.split(','),
  );
  const theirs = ['', 'job', 'instance', 'le'];
  return [...chosen, ...grouped.map((label) => label.trim())].filter((l) => !theirs.includes(l));
}

describe('the alert rules', () => {
  it('name metrics and labels that exist', async () => {
    const known = await sampleNames();
    const labels = new Set((await declared()).flatMap((metric) => metric.labels));
    for (const { alert, expr } of await rules()) {
      assert.ok(namesIn(expr).length > 0, alert);
      for (const name of namesIn(expr)) assert.ok(known.has(name), `${alert}: ${name}`);
      for (const label of labelsIn(expr)) assert.ok(labels.has(label), `${alert}: ${label}`);
    }
  });

  it('each have a name, a severity, a summary and what to do', async () => {
    const all = await rules();
    assert.equal(new Set(all.map(({ alert }) => alert)).size, all.length);
    for (const { alert, labels, annotations } of all) {
      assert.match(alert, /^Rangemesh[A-Z]\w+$/);
      assert.match(labels.severity, /^(critical|warning|info)$/, alert);
      assert.match(annotations.summary, /\{\{ \$labels\.instance \}\}.*\.$/s, alert);
      assert.match(annotations.action, /^[A-Z].{30,}\.$/s, alert);
    }
  });

  it('are each listed in the docs', async () => {
    const page = await readFile(new URL('operations-monitoring.md', DOCS), 'utf8');
    const listed = [...page.matchAll(/^\| `(Rangemesh\w+)` \|/gm)].map(([, name]) => name);
    assert.deepEqual(
      listed,
      (await rules()).map(({ alert }) => alert),
    );
  });

  it('are each tested by an example in which they fire', async () => {
    const examples = await readFile(ALERT_TESTS, 'utf8');
    for (const { alert } of await rules()) assert.ok(examples.includes(alert), alert);
  });

  it('pass promtool, and fire in the examples', async (t) => {
    await promtool(t, ['check', 'rules', fileURLToPath(ALERTS)]);
    await promtool(t, ['test', 'rules', fileURLToPath(ALERT_TESTS)]);
  });
});

describe('the table of metrics in the docs', () => {
  it('lists each metric of rangemesh with its type, labels and meaning', async () => {
    const rows = (await declared()).map(({ name, type, labels, help }) => {
      const shown = labels.map((label) => `\`${label}\``).join(', ');
      return `| \`${name}\` | ${type} | ${shown} | ${help} |`;
    });
    const text = await readFile(new URL('operations-metrics.md', DOCS), 'utf8');
    const listed = text.split('\n').filter((line) => line.startsWith('| `rangemesh_'));
    assert.deepEqual(listed, rows, `the table should be:\n${rows.join('\n')}`);
  });
});

describe('the dashboard', () => {
  it('names metrics and labels that exist', async () => {
    const known = await sampleNames();
    const labels = new Set((await declared()).flatMap((metric) => metric.labels));
    for (const expr of await panelExpressions()) {
      assert.ok(namesIn(expr).length > 0, expr);
      for (const name of namesIn(expr)) assert.ok(known.has(name), `${name} in ${expr}`);
      for (const label of labelsIn(expr)) assert.ok(labels.has(label), `${label} in ${expr}`);
      assert.match(expr, /job="\$job", instance=~"\$instance"/);
    }
  });

  it('has panels with ids of their own that do not overlap', async () => {
    const all = await panels();
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
    const cells = new Set<string>();
    for (const { title, gridPos } of all) {
      assert.ok(title.length > 0 && gridPos.x + gridPos.w <= 24, title);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          assert.ok(!cells.has(`${x} ${y}`), `${title} lies over another panel`);
          cells.add(`${x} ${y}`);
        }
      }
    }
  });

  it('has expressions that promtool can read', async (t) => {
    const expressions = (await panelExpressions()).map((expr) =>
      expr.replaceAll('$__rate_interval', '5m'),
    );
    const recording = expressions.map((expr, i) => ({ record: `panel:${i}`, expr }));
    const folder = await mkdtemp(join(tmpdir(), 'rangemesh-rules-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'panels.yaml');
    await writeFile(file, stringify({ groups: [{ name: 'panels', rules: recording }] }));
    await promtool(t, ['check', 'rules', file]);
  });
});

/** Runs promtool of Prometheus; skips the test where it is not installed. */
async function promtool(t: TestContext, args: readonly string[]): Promise<void> {
  const { error, output } = await new Promise<{ error: Error | null; output: string }>(
    (resolve) => {
      execFile('promtool', args, (error, stdout, stderr) =>
        resolve({ error, output: stdout + stderr }),
      );
    },
  );
  if (Object(error).code === 'ENOENT')
    return t.skip("no promtool here: Debian's package prometheus has it");
  assert.equal(error, null, output);
}
