import type { Ports } from '../ports/index.ts';
import { ListAudit } from './list-audit.ts';
import { PruneAudit } from './prune-audit.ts';
import { ReadAuditEntry } from './read-audit-entry.ts';
import { VerifyAudit } from './verify-audit.ts';

export const audit = (ports: Ports) => ({
  listAudit: new ListAudit(ports),
  pruneAudit: new PruneAudit(ports),
  readAuditEntry: new ReadAuditEntry(ports),
  verifyAudit: new VerifyAudit(ports),
});
