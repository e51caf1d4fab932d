import { expect } from 'vitest';
import { notFound, unauthorised } from './client.ts';
import { aSso, NO_ID, peer, walk } from './peer.ts';

const sso = aSso();

peer('service_list_ok', 'services are paged by id, forward and back', async () => {
  const id: string[] = [];
  for (let count = 0; count < 5; count += 1) id.push((await sso.aService()).id);
  const rows = await walk(
    async (page) => (await sso.root.ok('ServiceList', { limit: 3, id, ...page })).data,
    (row) => ({ gt: row.id }),
    (row) => ({ lt: row.id }),
  );
  expect(rows.map((row) => row.id).sort()).toEqual(id.sort());
});

peer('service_read_unauthorised', 'nobody reads a service without a key', async () => {
  await sso.stranger.gets(unauthorised, 'ServiceRead', { id: NO_ID });
});

peer('service_read_not_found_service_mask', 'another service is not found', async () => {
  const other = await sso.aService();
  await (await sso.aService()).gets(notFound, 'ServiceRead', { id: other.id });
  expect((await other.ok('ServiceRead', { id: other.id })).data.id).toBe(other.id);
});

peer('service_read_ok', 'a root key reads a service', async () => {
  const { id } = await sso.aService();
  expect((await sso.root.ok('ServiceRead', { id })).data.id).toBe(id);
});

peer('service_delete_not_found_service_mask', 'another service is not deleted', async () => {
  const other = await sso.aService();
  await (await sso.aService()).gets(notFound, 'ServiceDelete', { id: other.id });
  await other.ok('ServiceRead', { id: other.id });
});
