import { auditContract } from './audit-contract.ts';
import { databaseContract } from './contracts.ts';
import { memoryDatabase } from './memory-database.ts';

for (const contract of [databaseContract, auditContract]) {
  contract('memory', async () => ({
    database: memoryDatabase(),
    concurrency: 1,
    close: async () => undefined,
  }));
}
