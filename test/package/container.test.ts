import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import manifest from '../../package.json' with { type: 'json' };
import { argumentOf, stagesOf } from '../../scripts/prove-image/dockerfile.ts';
import { loadConfig } from '../../src/daemon/config/index.ts';

const root = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const read = (name: string) => readFile(root(name), 'utf8');

/** Rejects where a variable is no key, or its value is not allowed. */
const configOf = (env: Record<string, string>, file?: string) =>
  loadConfig({ file, env, flags: [], cwd: '/', read: (path) => readFile(path, 'utf8') });

describe('the image', () => {
  it('has steps that its proof carries out, and the Node of the tests', async () => {
    const dockerfile = await read('Dockerfile');
    const [build, last] = stagesOf(dockerfile);
    assert.deepEqual([build!.name, last!.name], ['build', '']);
    assert.ok(
      build!.steps.some(({ text }) => text === 'npm ci'),
      'from the lock file',
    );
    assert.equal(argumentOf(dockerfile, 'NODE_VERSION'), manifest.devDependencies.node);
    assert.equal(dockerfile.match(/^FROM node:\$\{NODE_VERSION\}-bookworm\b/gm)?.length, 2);
    assert.throws(() => stagesOf('FROM a\nONBUILD RUN b'), /cannot carry out ONBUILD/);
  });

  it('runs as a user given by number, to whom its data belongs', async () => {
    const dockerfile = await read('Dockerfile');
    assert.match(dockerfile, /^USER 1000:1000$/m);
    assert.match(dockerfile, /chown 1000:1000 \/data/);
  });

  it('is built from files that are let in, and holds the licence', async () => {
    const ignored = await read('.dockerignore');
    const [first, ...allowed] = ignored.split('\n').filter((line) => /^[^#]/.test(line));
    assert.equal(first, '*');
    const copied = [...(await read('Dockerfile')).matchAll(/\/src\/([\w.-]+)/g)].map(
      ([, it]) => it!,
    );
    assert.ok(copied.includes('LICENSE'));
    for (const name of copied) {
      if (name === 'node_modules' || name === 'dist') continue;
      assert.ok(
        allowed.some((line) => line === `!${name}` || line.startsWith(`!${name}/`)),
        name,
      );
    }
    for (const line of allowed.filter((each) => /^!(config|docs)/.test(each))) {
      assert.match(line, /^!(config\/[\w-]+\.(yaml|json)|docs\/\*\.md)$/, 'keys may lie there');
    }
  });

  it('starts with a configuration whose data lies in the volume', async () => {
    const { node, access } = await configOf({}, root('config/docker.yaml'));
    assert.deepEqual([node.dataDir, access.mode, access.peers], ['/data', 'list', []]);
  });
});

interface Container {
  env: { name: string; value?: string }[];
  livenessProbe: { exec: { command: string[] } };
  readinessProbe: { exec: { command: string[] } };
}

describe('the examples for containers in the docs', () => {
  it('set keys of the configuration alone', async () => {
    const page = await read('docs/operations.md');
    const [, shell = ''] = /(docker run [^`]*)```/.exec(page) ?? [];
    const given = [...shell.matchAll(/-e (RANGEMESH_\w+)=(\S+)/g)].map(([, key, value]) => [
      key!,
      value!.replace('12D3KooW...', '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf'),
    ]);
    assert.equal(given.length, 3);
    await configOf(Object.fromEntries(given), root('config/docker.yaml'));
  });

  it('for Kubernetes run without root, and probe with commands that exist', async () => {
    const page = await read('docs/operations.md');
    const [, text = ''] = /```yaml\n(apiVersion: v1\n[\s\S]*?)```/.exec(page) ?? [];
    const [service, set] = parseAllDocuments(text).map((each) => each.toJS());
    assert.deepEqual(
      [service.kind, set.kind, set.spec.serviceName],
      ['Service', 'StatefulSet', 'mesh'],
    );
    const pod = set.spec.template.spec;
    const { runAsNonRoot, fsGroup } = pod.securityContext;
    assert.deepEqual([runAsNonRoot, fsGroup, pod.enableServiceLinks], [true, 1000, false]);
    const [container]: Container[] = pod.containers;
    const env = container!.env
      .filter(({ name }) => name.startsWith('RANGEMESH_'))
      .map(({ name, value }) => [name, value!.replace('$(POD)', 'mesh-0')]);
    const { network } = await configOf(Object.fromEntries(env), root('config/docker.yaml'));
    assert.equal(network.peers.length, 2);
    const states = { live: container!.livenessProbe, ready: container!.readinessProbe };
    for (const [state, { exec }] of Object.entries(states)) {
      assert.deepEqual(exec.command, ['node', 'bin/rangemesh.js', 'probe', state]);
    }
  });
});
