import { readFileSync } from 'node:fs';

const INTERVAL_MS = 500;

/** Set by package managers for what they run: a script, or a program (`pnpm exec`, `npm exec`, `npx`). */
const MARKS = ['npm_lifecycle_event', 'npm_command', 'PNPM_PACKAGE_NAME'];

/** Command lines of package managers, which name their process or are programs for Node. */
const MANAGER =
  /^(?:npm|npx|pnpm|yarn|corepack)\b|^\S*node\S* .*\b(?:npm|npx|pnpm|yarn|corepack)\b/;
/** A shell that runs one command for somebody. */
const SHELL = /^\S*sh -c /;

type Process = { readonly pid: number; readonly parent: number; readonly bornAt: string };

/**
 * Runs `stop` when the package manager ends that this process was started through. npm passes no signal on: it ends at
 * SIGTERM, and what it started would go on without it, and keep the port. Only Linux can be asked who started whom.
 */
export function onLauncherGone(stop: () => void): void {
  if (process.platform !== 'linux' || !MARKS.some((name) => name in process.env)) return;
  const launchers = launchersOf(process.ppid);
  if (launchers.length === 0) return;
  const timer = setInterval(() => {
    if (launchers.every(({ pid, bornAt }) => find(pid)?.bornAt === bornAt)) return;
    clearInterval(timer);
    stop();
  }, INTERVAL_MS);
  timer.unref();
}

/** The package managers above a process, and the shells between them. Whoever started the first of them may leave. */
function launchersOf(parent: number): Process[] {
  const above: { process: Process; isManager: boolean }[] = [];
  for (let pid = parent; ; ) {
    const process = find(pid);
    const command = commandOf(pid);
    if (process === null || !(MANAGER.test(command) || SHELL.test(command))) break;
    above.push({ process, isManager: MANAGER.test(command) });
    pid = process.parent;
  }
  const top = above.findLastIndex(({ isManager }) => isManager);
  return above.slice(0, top + 1).map(({ process }) => process);
}

/** A process that runs; null for one that has ended, and for one whose end nobody has asked for yet. */
function find(pid: number): Process | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Behind the name, which may hold anything: the state, the parent, and much later the time of its birth.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state, parent] = fields;
    return state === 'Z' ? null : { pid, parent: Number(parent), bornAt: fields[19] ?? '' };
  } catch {
    return null;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
