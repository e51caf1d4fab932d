import { Resolver } from 'node:dns/promises';

/** The addresses of a host; none where its name is not known, or where nobody tells. Never rejects. */
export type Resolve = (host: string) => Promise<readonly string[]>;

const ASKED_FOR_MS = 2000;
const TRIES = 2;

/** The addresses that `localhost` has, whatever a server of names says (RFC 6761, 6.3). */
const LOOPBACK = ['127.0.0.1', '::1'];

/**
 * Asks the servers of names of this machine, and reads no `/etc/hosts`. The system's own lookup would take a thread of the
 * pool that passwords are hashed in, for as long as a server of names that a stranger chose keeps silent.
 */
export function resolver(): Resolve {
  const dns = new Resolver({ timeout: ASKED_FOR_MS, tries: TRIES });
  return async (host) => {
    if (host === 'localhost') return LOOPBACK;
    const answers = await Promise.allSettled([dns.resolve4(host), dns.resolve6(host)]);
    return answers.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
  };
}
