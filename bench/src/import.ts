import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Benchmark, figure, type Row } from './figures.ts';
import { aFolder } from './processes.ts';

const CLI = path.join(import.meta.dirname, '../../apps/server/src/cli.ts');

/** Writes so many users of another system, with hashes that are sealed on their way in. */
async function usersFile(file: string, users: number): Promise<void> {
  const out = createWriteStream(file);
  for (let n = 0; n < users; n += 1) {
    const row = {
      id: randomUUID(),
      name: `User ${n}`,
      email: `user${n}@example.com`,
      email_valid: true,
      password_hash: createHash('sha256').update(`password ${n}`).digest('hex'),
      password_hash_format: 'sha256-hex',
      attributes: { plan: 'pro' },
    };
    if (!out.write(`${JSON.stringify(row)}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
}

/** Runs the command line, and answers seconds and the most memory that it took, in MB. */
async function run(cwd: string, args: string[]): Promise<{ seconds: number; peakMb: number }> {
  const began = performance.now();
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd,
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  let peakMb = 0;
  const look = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      peakMb = Math.max(peakMb, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
    } catch {
      // It has ended.
    }
  }, 100);
  const [code] = await once(child, 'close');
  clearInterval(look);
  if (code !== 0) throw new Error(`rekey ${args.join(' ')} ended with ${code}`);
  return { seconds: (performance.now() - began) / 1000, peakMb };
}

/** Users of another system who come in, each with a TOKEN key, into SQLite: a million within five minutes, in constant memory. */
export const importing: Benchmark = async ({ most }) => {
  const sizes = [Math.ceil(most / 10), most];
  const taken = [];
  for (const users of sizes) {
    const folder = aFolder();
    await usersFile(path.join(folder, 'users.jsonl'), users);
    await run(folder, ['create-service-with-key', 'Shop', 'https://shop.example']);
    const args = ['import', 'users', '--from', 'users.jsonl', '--service', 'Shop'];
    taken.push({ users, ...(await run(folder, args)) });
  }
  const [few, all] = taken;
  if (!few || !all) return [];
  const rows: Row[] = [
    {
      what: `rekey import, ${all.users} users`,
      unit: 'users/s',
      rekey: figure([all.users / all.seconds]),
      beside: `${few.users} users`,
      other: figure([few.users / few.seconds]),
      ratio: figure([all.users / all.seconds / (few.users / few.seconds)]),
      goal: { of: 'rekey', least: 1_000_000 / 300 },
    },
    {
      what: `its memory at most, ${all.users} users`,
      unit: 'MB',
      rekey: figure([all.peakMb]),
      beside: `${few.users} users`,
      other: figure([few.peakMb]),
      ratio: figure([all.peakMb / few.peakMb]),
      goal: { of: 'ratio', most: 1.3 },
    },
  ];
  return rows;
};
