import type { Ports } from '../ports/index.ts';
import { AmendAuditEntry } from './amend-audit-entry.ts';
import { BeginAudit } from './begin-audit.ts';
import { CountAudit } from './count-audit.ts';
import { CreateAuditEntry } from './create-audit-entry.ts';
import { ExportAudit } from './export-audit.ts';
import { ListAudit } from './list-audit.ts';
import { PruneAudit } from './prune-audit.ts';
import { ReadAuditEntry } from './read-audit-entry.ts';
import { RecordAct } from './record-act.ts';
import { RecordSums } from './record-sums.ts';
import { VerifyAudit } from './verify-audit.ts';

export const audit = (ports: Ports) => ({
  amendAuditEntry: new AmendAuditEntry(ports),
  beginAudit: new BeginAudit(ports),
  countAudit: new CountAudit(ports),
  createAuditEntry: new CreateAuditEntry(ports),
  exportAudit: new ExportAudit(ports),
  listAudit: new ListAudit(ports),
  pruneAudit: new PruneAudit(ports),
  readAuditEntry: new ReadAuditEntry(ports),
  recordAct: new RecordAct(ports),
  recordSums: new RecordSums(ports),
  verifyAudit: new VerifyAudit(ports),
});
