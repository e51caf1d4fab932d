import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test, vi } from 'vitest';
import { freshPostgres } from '../../packages/adapters-db/test/postgres.ts';
import { skips } from '../../packages/usecases/testing/index.ts';
import { image } from '../harness.ts';
import { record } from './figures.ts';
import { isLong } from './world.ts';

/** The hour, with what fills it. */
vi.setConfig({ testTimeout: isLong ? 3 * 3_600_000 : 900_000 });

const program = path.join(import.meta.dirname, '../../bench/src/hour.ts');
const sizes = isLong
  ? ['--minutes', '60']
  : ['--minutes', '0.4', '--users', '300', '--sessions', '2', '--audits', '5', '--every', '6'];

const isMissing = (await freshPostgres()) === null;

test.skipIf(skips(isMissing, 'PostgreSQL cannot run here'))(
  'under mixed load on two servers nothing is lost or stale, and the audit verifies, whichever of them and the database is killed',
  async (context) => {
    const child = spawn(process.execPath, [program, ...sizes, '--bundle', image.main], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGTERM'));
    const exit = once(child, 'exit');
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const [code] = await exit;
    expect(`${out}${err}`).not.toContain('FAULT');
    expect(code).toBe(0);
    const [last = ''] = out.trim().split('\n').slice(-1);
    record(context, {
      fault: 'servers killed and frozen, PostgreSQL crashed, under mixed load',
      database: 'PostgreSQL',
      rounds: 1,
      figure: last.slice(9),
    });
  },
);
