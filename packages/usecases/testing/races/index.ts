import { describe } from 'vitest';
import type { Open } from '../contracts/opened.ts';
import { accountsRaces } from './accounts.ts';
import { auditRaces } from './audit.ts';
import { deliveriesRaces } from './deliveries.ts';
import { emailsRaces } from './emails.ts';
import { factorsRaces } from './factors.ts';
import { keysRaces } from './keys.ts';
import { passwordsRaces } from './passwords.ts';
import { recoveryRaces } from './recovery.ts';
import { registrationsRaces } from './registrations.ts';
import { sequenceRaces } from './sequences.ts';
import { servicesRaces } from './services.ts';
import { sessionsRaces } from './sessions.ts';
import { throttlingRaces } from './throttling.ts';
import { type Track, track } from './track.ts';
import { usersRaces } from './users.ts';

/** Races of use cases, which a database must let nobody win twice. */
export function racesContract(name: string, open: Open): void {
  describe(`races on ${name}`, () => {
    const of = track(open);
    const rooms: ((track: Track) => void)[] = [
      servicesRaces,
      sessionsRaces,
      throttlingRaces,
      passwordsRaces,
      recoveryRaces,
      keysRaces,
      usersRaces,
      accountsRaces,
      registrationsRaces,
      emailsRaces,
      factorsRaces,
      deliveriesRaces,
      auditRaces,
      sequenceRaces,
    ];
    for (const races of rooms) races(of);
  });
}
