export { webhookCaller } from './caller.ts';
export { parseNetworks } from './networks.ts';
