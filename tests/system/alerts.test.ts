import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { skips } from '../../packages/usecases/testing/index.ts';
import { aFolder } from '../harness.ts';
import { root, textOf } from '../sources.ts';

const promtool = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
};

const isThere = spawnSync('promtool', ['--version']).status === 0;
const rules = path.join(root, 'docs/monitoring/alerts.yaml');

describe.skipIf(skips(!isThere, 'the alerts are checked by promtool'))('the alerts', () => {
  test('are rules that Prometheus takes', () => {
    const { status, output } = promtool('check', 'rules', rules);
    expect({ status, output }).toEqual({ status: 0, output: expect.stringContaining('SUCCESS') });
  });

  test('of locked accounts, token thefts, second factors and webhooks fire when they should, and not before', () => {
    const file = path.join(aFolder(), 'alerts.yaml');
    writeFileSync(file, textOf('tests/system/alerts.yaml').replace('ALERTS', rules));
    const { status, output } = promtool('test', 'rules', file);
    expect({ status, output }).toEqual({ status: 0, output: expect.stringContaining('SUCCESS') });
  });
});
