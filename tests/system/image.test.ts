import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  globSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test, vi } from 'vitest';
import { skips } from '../../packages/usecases/testing/index.ts';
import { aFolder, aFreePort } from '../harness.ts';
import { root, textOf } from '../sources.ts';

// It installs, bundles and starts.
vi.setConfig({ testTimeout: 300_000 });

type Step = { readonly instruction: string; readonly text: string };

/** The steps of each stage, under its name; the last one has none. */
function stagesOf(dockerfile: string): Map<string, Step[]> {
  const stages = new Map<string, Step[]>();
  let steps: Step[] = [];
  const whole = dockerfile.replaceAll(/^\s*#.*\n/gm, '').replaceAll(/\\\n/g, ' ');
  for (const line of whole.split('\n').filter((each) => each.trim() !== '')) {
    const [, instruction = '', text = ''] = /^(\w+)\s+(.*)$/s.exec(line) ?? [];
    if (instruction === 'FROM') {
      steps = [];
      stages.set(/ AS (\w+)$/.exec(text)?.[1] ?? '', steps);
    }
    steps.push({ instruction, text: text.replaceAll(/\s+/g, ' ') });
  }
  return stages;
}

/** Whether .dockerignore keeps a file out. */
function ignored(): (file: string) => boolean {
  const patterns = textOf('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  return (file) =>
    file
      .split('/')
      .map((_, index, parts) => parts.slice(0, index + 1).join('/'))
      .some((place) => patterns.some((pattern) => path.matchesGlob(place, pattern)));
}

/** Places of a container that are places below a folder here. */
const PLACES = /(?<![\w.$/'])\/(?=(?:app|data|usr\/local|opt)\b)/g;

/**
 * Does what the steps of a Dockerfile say, in folders instead of layers, and answers the folder of the last stage. The
 * image that it begins with is this machine: it has Node and pnpm of the versions that are installed here.
 */
async function build(): Promise<{ folder: string; steps: Step[] }> {
  const all = aFolder();
  // Other users pass through it.
  chmodSync(all, 0o755);
  const tools = path.join(all, 'tools');
  mkdirSync(tools);
  symlinkSync(process.execPath, path.join(tools, 'node'));
  writeFileSync(path.join(tools, 'pnpm'), '#!/bin/sh\nexec npx -y pnpm@12 "$@"\n', { mode: 0o755 });
  const env = { ...process.env, CI: 'true', PATH: `${tools}:${process.env.PATH}` };
  const sh = (command: string, cwd: string) =>
    promisify(execFile)('sh', ['-euc', `umask 022; ${command}`], { cwd, env });
  const { stdout: store } = await sh('pnpm store path', root);

  let folder = '';
  let steps: Step[] = [];
  for (const [name, those] of stagesOf(textOf('Dockerfile'))) {
    folder = path.join(all, name || 'image');
    steps = those;
    for (const place of ['usr/local/bin', 'usr/local/lib', 'opt']) {
      mkdirSync(path.join(folder, place), { recursive: true });
    }
    let workdir = folder;
    for (const { instruction, text } of steps) {
      if (instruction === 'WORKDIR') {
        workdir = path.join(folder, text);
        mkdirSync(workdir, { recursive: true });
      } else if (instruction === 'COPY') {
        copy(text, { all, folder, workdir });
      } else if (instruction === 'RUN' && !/^npm install --global pnpm@/.test(text)) {
        const command = text
          .replaceAll(/--mount=\S+ /g, '')
          .replace('--store-dir /pnpm', `--offline --store-dir '${path.dirname(store.trim())}'`)
          .replaceAll(PLACES, `${folder.replaceAll(' ', '\\ ')}/`);
        await sh(isRoot ? command : command.replace('-o 1000 -g 1000 ', ''), workdir);
      }
    }
  }
  return { folder, steps };
}

function copy(text: string, at: { all: string; folder: string; workdir: string }): void {
  const [, stage, from = '', to = ''] = /^(?:--from=(\w+) )?(\S+) (\S+)$/.exec(text) ?? [];
  const target = to.startsWith('/') ? path.join(at.folder, to) : path.join(at.workdir, to);
  if (stage !== undefined) {
    cpSync(path.join(at.all, stage, from), target, { recursive: true });
    return;
  }
  const isIgnored = ignored();
  cpSync(path.join(root, from), target, {
    recursive: true,
    filter: (file) => !isIgnored(path.relative(root, file)),
  });
}

const isRoot = process.getuid?.() === 0;
const isElsewhere = process.platform !== 'linux';

test.skipIf(skips(isElsewhere, 'the image is made on Linux'))(
  'the image that the Dockerfile makes serves as a user without rights, and has what it needs and nothing else',
  async () => {
    const { folder, steps } = await build();
    const textsOf = (instruction: string) =>
      steps.filter((step) => step.instruction === instruction).map(({ text }) => text);
    const [user = ''] = textsOf('USER');
    expect(user).toBe('1000:1000');
    const as = isRoot ? ['setpriv', '--reuid', '1000', '--regid', '1000', '--clear-groups'] : [];
    const at = (command: string[]) => {
      const [file = '', ...args] = [...as, ...command].map((part) =>
        part.startsWith('/app/') ? path.join(folder, part) : part,
      );
      return [file, args] as const;
    };

    const port = await aFreePort();
    const variables = textsOf('ENV').flatMap((text) =>
      [...text.matchAll(/(\w+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]),
    );
    const node = path.dirname(process.execPath);
    const env = {
      ...Object.fromEntries(variables),
      PATH: `${node}:/usr/bin:/bin`,
      PORT: `${port}`,
      API_DOCS: 'true',
    };
    const [start = '[]'] = textsOf('CMD');
    const server = spawn(...at(JSON.parse(start)), {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void server.kill('SIGKILL'));
    const ended = once(server, 'exit');
    let output = '';
    server.stdout.on('data', (chunk) => {
      output += chunk;
    });
    await expect.poll(() => output, { timeout: 120_000 }).toContain('"msg":"listening"');

    const url = `http://127.0.0.1:${port}`;
    const body = new URLSearchParams({
      name: 'Ada',
      email: 'ada@example.com',
      password: 'correct horse battery',
    });
    expect((await fetch(`${url}/users/create`, { method: 'POST', body })).status).toBe(200);
    expect((await fetch(`${url}/users/login`, { method: 'POST', body })).status).toBe(200);
    const page = `${url}/local/change-password`;
    const text = await (await fetch(page)).text();
    const files = [...text.matchAll(/[\w./?=-]+\.(?:js|css|svg)\b[^"\s]*/g)].map(([file]) => file);
    expect(files.length).toBeGreaterThan(4);
    for (const file of [...files, '/docs', '/docs/swagger-ui-bundle.js', '/openapi.json']) {
      expect([file, (await fetch(new URL(file, page))).status]).toEqual([file, 200]);
    }

    // As the engine asks, and as an operator does beside the server.
    const run = promisify(execFile);
    const [health = ''] = textsOf('HEALTHCHECK');
    await run(...at(JSON.parse(health.replace(/^.*?CMD /, ''))), { cwd: folder, env });
    const rekey = path.join(folder, 'usr/local/bin/rekey');
    const { stdout: doctor } = await run(...at([rekey, 'doctor']), { cwd: folder, env });
    expect(doctor).toMatch(/^ok +database /m);
    const { stdout: version } = await run(...at([rekey, '--version']), { cwd: folder, env });
    const labels = textsOf('LABEL').join(' ');
    expect(labels).toContain(`org.opencontainers.image.version="${version.trim()}"`);
    server.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    await expect(
      run(...at(JSON.parse(health.replace(/^.*?CMD /, ''))), { cwd: folder, env }),
    ).rejects.toMatchObject({ code: 1 });

    const everything = globSync('{app,usr,opt}/**/*', { cwd: folder, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name));
    const foreign = everything.filter((file) =>
      /\.(?:ts|map|md|c|cc|cpp|h|gyp)$|\btests?\b|darwin|win32/.test(path.relative(folder, file)),
    );
    expect(foreign).toEqual([]);
    const bytes = everything.reduce((sum, file) => sum + statSync(file).size, 0);
    expect(bytes).toBeLessThan(15e6);
    expect(everything.length).toBeLessThan(100);
    // The user changes nothing but the data.
    const open = everything.filter((file) => (lstatSync(file).mode & 0o022) !== 0);
    expect(open).toEqual([]);
    if (isRoot) expect(everything.filter((file) => statSync(file).uid !== 0)).toEqual([]);
    expect(statSync(path.join(folder, 'data')).mode & 0o777).toBe(0o700);
    expect(readFileSync(path.join(folder, 'app/LICENSE'), 'utf8')).toMatch(/^MIT License/);
  },
);
