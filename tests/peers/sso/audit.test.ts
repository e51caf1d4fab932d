import { expect } from 'vitest';
import { notFound, unauthorised } from './client.ts';
import { answers } from './differences.ts';
import { afterMs, aSso, NO_ID, peer, type Service, walk } from './peer.ts';

const sso = aSso();

async function anEntry(by: Pick<Service, 'ok'>, more: Record<string, unknown> = {}) {
  const { data } = await by.ok('AuditCreate', { type: 'entry_test', ...more });
  return data;
}

/** Entries of a service, the first of which no other entry shares its millisecond with. */
async function someEntries(service: Service, count: number) {
  await afterMs(Date.now());
  const entries = [];
  for (let index = 0; index < count; index += 1) entries.push(await anEntry(service));
  return entries;
}

peer('audit_list_created_ok', 'entries are paged by time, forward and back', async () => {
  const service = await sso.aService();
  const entries = await someEntries(service, 5);
  const rows = await walk(
    async (page) => (await service.ok('AuditList', { limit: 3, ...page })).data,
    ({ created_at, id }) => ({ ge: created_at, offset_id: id }),
    ({ created_at, id }) => ({ le: created_at, offset_id: id }),
    { ge: entries[0].created_at },
  );
  expect(rows[0]?.id).toBe(entries[0].id);
  for (const row of rows) {
    expect((await service.ok('AuditRead', { id: row.id })).data).toEqual(row);
  }
});

peer('audit_list_created_and_ok', 'entries between two moments are listed', async () => {
  const service = await sso.aService();
  const [first, second, third] = await someEntries(service, 3);
  const ids = async (page: object) =>
    (await service.ok('AuditList', { limit: 3, ...page })).data.map(({ id }: { id: string }) => id);
  expect(await ids({ ge: first.created_at })).toEqual([first.id, second.id, third.id]);
  expect(await ids({ ge: first.created_at, le: third.created_at, offset_id: first.id })).toEqual([
    second.id,
    third.id,
  ]);
});

peer('audit_read_not_found_does_not_exist', 'an entry that is not there is not found', async () => {
  await (await sso.aService()).gets(notFound, 'AuditRead', { id: NO_ID });
});

peer(
  'audit_read_not_found_masked_by_service',
  'an entry that another service made is not found',
  async () => {
    const { id } = await anEntry(await sso.aService(), { type: 'type_1' });
    await (await sso.aService()).gets(notFound, 'AuditRead', { id });
  },
);

peer('audit_read_unauthorised', 'nobody reads the audit without a key', async () => {
  await sso.stranger.gets(unauthorised, 'AuditRead', { id: NO_ID });
});

peer(
  'audit_read_not_found_service_mask',
  'an entry of one service is not found by the key of another',
  async () => {
    const mine = await sso.aService();
    const other = await sso.aService();
    const { id } = await anEntry(mine, { type: 'read_test' });
    await other.gets(notFound, 'AuditRead', { id });
    expect((await mine.ok('AuditRead', { id })).data.id).toBe(id);
  },
);

peer('audit_read_ok', 'a root key makes an entry and reads it', async () => {
  const { id } = await anEntry(sso.root, { type: 'read_test' });
  expect((await sso.root.ok('AuditRead', { id })).data.id).toBe(id);
});

peer(
  'audit_update_bad_request_service_mask',
  'an entry of another service cannot be changed',
  async () => {
    const { id } = await anEntry(await sso.aService(), { type: 'update_test' });
    const other = await sso.aService();
    await other.gets(answers.foreignAudit.rekey, 'AuditUpdate', { id, subject: 'example' });
  },
);

peer('audit_update_ok', 'an entry gets a status and a subject later', async () => {
  const service = await sso.aService();
  const entry = await anEntry(service, { type: 'update_test' });
  expect(entry).toMatchObject({ service_id: service.id, status_code: null, subject: null });
  const { id } = entry;
  const change = { id, status_code: 200, subject: 'example' };
  expect((await service.ok('AuditUpdate', change)).data).toMatchObject(change);
});

peer('audit_update_append_only', 'what an entry says already is never replaced', async () => {
  const service = await sso.aService();
  const said = { subject: 'subject_test', data: { key1: 'foo' } };
  const entry = await anEntry(service, { type: 'update_test', ...said });
  expect(entry).toMatchObject({ service_id: service.id, status_code: null, ...said });
  const { id } = entry;
  const change = {
    id,
    status_code: 200,
    subject: 'subject_overwrite',
    data: { key1: 'bar' },
  };
  const { data } = await service.ok('AuditUpdate', change);
  expect(data).toMatchObject({ id, status_code: 200, ...said });
});
