import { expect } from 'vitest';
import { call } from '../../harness.ts';
import { answers } from './differences.ts';
import { aSso, peer } from './peer.ts';

const sso = aSso();

peer('ping_not_found', 'a ping is answered over HTTP', async () => {
  expect(await call(sso.server, 'GET', '/ping')).toEqual({ ...answers.ping.rekey, body: 'Pong' });
});

peer('metrics_not_found', 'metrics are not where clients call', async () => {
  expect(await call(sso.server, 'GET', '/metrics')).toMatchObject({ status: 404 });
});
