export { accessTokens, tokenAlgs, tokenForms } from './access-tokens.ts';
export { bcryptHasher } from './bcrypt-hasher.ts';
export { deviceTokens } from './device-tokens.ts';
export { foreignHashes } from './foreign-hashes/foreign-hashes.ts';
export { type Gate, gate, hashGate, threadPoolSize } from './gate.ts';
export { type BreachListEvents, hibpBreachList } from './hibp.ts';
export { uuidv7Ids } from './ids.ts';
export {
  addMissingKey,
  copyKeyFile,
  type KeyPurpose,
  keyPurposes,
  openKeyFile,
  pruneKeys,
  rotateKeys,
} from './key-file.ts';
export {
  currentFirst,
  hasOutlived,
  type KeyRingEvents,
  openKeyRing,
} from './key-ring.ts';
export { linkTokens } from './link-tokens.ts';
export { macs } from './macs.ts';
export { measureHashing } from './measure-hashing.ts';
export { passwordMeter } from './password-meter.ts';
export { secrets } from './secrets.ts';
export { totp } from './totp.ts';
