import type { Command } from 'commander';

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('run the server, until it is told to stop')
    // The server is a program of its own, which starts when it is loaded.
    .action(async () => {
      await import('../main.ts');
    });
}
