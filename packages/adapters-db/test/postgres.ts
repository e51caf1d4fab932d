import { inject } from 'vitest';

/** The URL of a fresh, empty database on a real PostgreSQL; null where none can run, which is an error in CI. */
export async function freshPostgres(): Promise<string | null> {
  const answer = await fetch(inject('postgres'));
  if (!answer.ok) throw new Error(await answer.text());
  return answer.status === 204 ? null : answer.text();
}
