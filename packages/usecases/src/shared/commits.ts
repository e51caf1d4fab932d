import type { Ports } from '../ports/index.ts';

/** The ports, but that `commits` is told of every commit. */
export function noticingCommits(ports: Ports): Ports {
  const { database, commits } = ports;
  return {
    ...ports,
    database: {
      async transact(work, onDisk) {
        const result = await database.transact(work, onDisk);
        commits.made();
        return result;
      },
      read: (work) => database.read(work),
    },
  };
}
