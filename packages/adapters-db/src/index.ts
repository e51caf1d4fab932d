export { backupSqlite } from './backup.ts';
export { parseDatabaseUrl } from './database-url.ts';
export { flow } from './flow.ts';
export { type Inspection, inspectDatabase } from './inspect.ts';
export { ledgers } from './ledgers.ts';
export { type OpenedDatabase, type OpenOptions, openDatabase } from './open.ts';
export { commandToClose } from './open-files.ts';
export { exportedTables, exportRows, importRows, schemaOfExport } from './whole.ts';
