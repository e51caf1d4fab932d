import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { fileVariableOf } from '../apps/server/src/config.ts';
import { type Variable, variables } from '../apps/server/src/variables.ts';
import { textOf } from './sources.ts';

/** The fields of the API of Kubernetes that the manifests use; `[…]` is a list, and a text the type of a value. */
type Shape = string | readonly [Shape] | { readonly [field: string]: Shape };

const metadata: Shape = { name: 'string', labels: { app: 'string' } };
const selector: Shape = { matchLabels: { app: 'string' } };
const probe: Shape = {
  httpGet: { path: 'string', port: 'string' },
  periodSeconds: 'number',
  timeoutSeconds: 'number',
  failureThreshold: 'number',
};
const container: Shape = {
  name: 'string',
  image: 'string',
  ports: [{ name: 'string', containerPort: 'number' }],
  env: [{ name: 'string', value: 'string' }],
  volumeMounts: [{ name: 'string', mountPath: 'string', readOnly: 'boolean' }],
  startupProbe: probe,
  livenessProbe: probe,
  readinessProbe: probe,
  lifecycle: { preStop: { exec: { command: ['string'] } } },
  resources: {
    requests: { cpu: 'string', memory: 'string' },
    limits: { memory: 'string' },
  },
  securityContext: {
    allowPrivilegeEscalation: 'boolean',
    readOnlyRootFilesystem: 'boolean',
    capabilities: { drop: ['string'] },
  },
};
const pod: Shape = {
  automountServiceAccountToken: 'boolean',
  enableServiceLinks: 'boolean',
  terminationGracePeriodSeconds: 'number',
  securityContext: {
    runAsNonRoot: 'boolean',
    runAsUser: 'number',
    runAsGroup: 'number',
    fsGroup: 'number',
    seccompProfile: { type: 'string' },
  },
  topologySpreadConstraints: [
    {
      maxSkew: 'number',
      topologyKey: 'string',
      whenUnsatisfiable: 'string',
      labelSelector: selector,
    },
  ],
  containers: [container],
  volumes: [{ name: 'string', secret: { secretName: 'string', defaultMode: 'number' } }],
};
const kinds: Readonly<Record<string, Shape>> = {
  'v1 Service': {
    selector: { app: 'string' },
    ports: [{ name: 'string', port: 'number', targetPort: 'string' }],
  },
  'policy/v1 PodDisruptionBudget': { minAvailable: 'number', selector },
  'apps/v1 Deployment': {
    replicas: 'number',
    selector,
    strategy: { rollingUpdate: { maxSurge: 'number', maxUnavailable: 'number' } },
    template: { metadata: { labels: { app: 'string' } }, spec: pod },
  },
};

/** Where a value is not of its shape. */
function faults(value: unknown, shape: Shape, at: string): string[] {
  if (typeof shape === 'string') return typeof value === shape ? [] : [at];
  if (Array.isArray(shape)) {
    if (!Array.isArray(value)) return [at];
    return value.flatMap((each, index) => faults(each, shape[0], `${at}[${index}]`));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [at];
  return Object.entries(value).flatMap(([name, each]) => {
    const known = (shape as Record<string, Shape>)[name];
    return known === undefined ? [`${at}.${name}`] : faults(each, known, `${at}.${name}`);
  });
}

// biome-ignore lint/suspicious/noExplicitAny: manifests are checked, not typed
type Manifest = any;

const manifests: Manifest[] = parseAllDocuments(textOf('deploy/kubernetes/rekey.yaml'), {
  // As Kubernetes reads it: 0440 is octal.
  version: '1.1',
}).map((document) => document.toJS());
const [service, budget, deployment] = manifests;
const [server] = deployment.spec.template.spec.containers;

describe('the manifests for Kubernetes', () => {
  test('have no field that the API does not have', () => {
    expect(manifests).toHaveLength(3);
    for (const { apiVersion, kind, ...manifest } of manifests) {
      const spec = kinds[`${apiVersion} ${kind}`] ?? 'known';
      expect(faults(manifest, { metadata, spec }, kind)).toEqual([]);
    }
  });

  test('find a misspelt field', () => {
    const wrong = { metadata: { name: 'x' }, spec: { minAvailble: 1 } };
    const spec = kinds['policy/v1 PodDisruptionBudget'] ?? '';
    expect(faults(wrong, { metadata, spec }, 'budget')).toEqual(['budget.spec.minAvailble']);
  });

  test('lead to the pods, and leave one of them while a node is drained', () => {
    const { labels } = deployment.spec.template.metadata;
    expect(service.spec.selector).toEqual(labels);
    expect(budget.spec.selector.matchLabels).toEqual(labels);
    expect(deployment.spec.selector.matchLabels).toEqual(labels);
    expect(budget.spec.minAvailable).toBeLessThan(deployment.spec.replicas);
    const ports = server.ports.map(({ name }: { name: string }) => name);
    expect(ports).toContain(service.spec.ports[0].targetPort);
  });

  test('ask for life and for readiness apart, and wait for a server to stop', () => {
    expect(server.livenessProbe.httpGet.path).toBe('/health/live');
    expect(server.startupProbe.httpGet.path).toBe('/health/live');
    expect(server.readinessProbe.httpGet.path).toBe('/health/ready');
    const { terminationGracePeriodSeconds } = deployment.spec.template.spec;
    expect(terminationGracePeriodSeconds).toBeGreaterThan(
      Number(server.lifecycle.preStop.exec.command[1]) + 10,
    );
  });

  test('set variables that Rekey has, and secrets as files that the group alone reads', () => {
    const names = Object.values<Variable>(variables).flatMap(({ name, isSecret }) =>
      isSecret ? [name, fileVariableOf(name)] : [name],
    );
    const set: { name: string; value: string }[] = server.env;
    expect(names).toEqual(expect.arrayContaining(set.map(({ name }) => name)));
    const { securityContext, volumes } = deployment.spec.template.spec;
    const [{ secret, name }] = volumes;
    expect(secret.defaultMode).toBe(0o440);
    expect(securityContext.fsGroup).toBe(securityContext.runAsGroup);
    const [mount] = server.volumeMounts;
    expect(mount).toMatchObject({ name, readOnly: true });
    const files = set.filter(({ value }) => value.startsWith(`${mount.mountPath}/`));
    // The command of the page makes exactly these.
    const made = [...textOf('docs/kubernetes.md').matchAll(/--from-\w+=([\w.-]+)(?:=|\s)/g)];
    const keys = files.map(({ value }) => value.slice(mount.mountPath.length + 1));
    expect(new Set(made.map(([, key]) => key))).toEqual(new Set(keys));
  });
});

test('the health of a container is its life: no restart brings a database back', () => {
  const [, check] = /HEALTHCHECK[\s\S]*?(\/health\/\w+)/.exec(textOf('Dockerfile')) ?? [];
  expect(check).toBe('/health/live');
});

test('the image sets no variable that a file with a secret could be named for', () => {
  const secrets = Object.values<Variable>(variables).flatMap(({ name, isSecret }) =>
    isSecret ? [name] : [],
  );
  const [, set] =
    /^ENV ([\s\S]*?[^\\])$/m.exec(
      textOf('Dockerfile')
        .split(/^FROM /m)
        .at(-1) ?? '',
    ) ?? [];
  expect(set).toContain('HOST=');
  for (const name of secrets) expect(set).not.toContain(`${name}=`);
});

test('the image begins with the Node of the tests, is of the version of the package, and nothing of it floats', () => {
  const dockerfile = textOf('Dockerfile');
  const { node } = parse(textOf('pnpm-workspace.yaml')).catalog;
  const [, base = ''] = /^ARG NODE=(\S+)$/m.exec(dockerfile) ?? [];
  expect(base).toMatch(new RegExp(`^node:${node}-[a-z]+-slim(?:@sha256:[0-9a-f]{64})?$`));
  const stages = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image = '']) => image);
  expect(stages.map((image) => image.slice(2, -1))).toEqual(['NODE', 'NODE']);
  const label = (name: string) =>
    new RegExp(`org\\.opencontainers\\.image\\.${name}="([^"]*)"`).exec(dockerfile)?.[1];
  const { version, license } = JSON.parse(textOf('package.json'));
  expect(label('version')).toBe(version);
  expect(label('licenses')).toBe(license);
  expect(label('base\\.name')).toBe(`docker.io/library/${base.replace(/@.*/, '')}`);
  // Of the major version that people start it with.
  expect(dockerfile).toMatch(/pnpm@12\.\d+\.\d+$/m);
});

test('the unit for systemd starts Node itself, without a package manager around it', () => {
  const unit = textOf('deploy/rekey.service');
  expect(unit).toMatch(/^ExecStart=\S+\/node \S+\/apps\/server\/src\/main\.ts$/m);
  const stop = Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]);
  expect(stop).toBeGreaterThan(10);
});
