import type { Phrases } from './phrases.ts';

export const en: Phrases = {
  subject: (service) => `Your password at ${service} was changed`,
  changed: (service) => `The password of your account at ${service} was changed.`,
  when: 'When',
  address: 'IP address',
  client: 'Device, in its own words',
  unknown: 'unknown',
  wasYou: 'If this was you, there is nothing to do.',
  wasNotYou: 'If this wasn’t you, follow this link:',
  button: 'This wasn’t me: shut my account',
  copy: 'If the button does not work, open this address:',
  effect:
    'It shuts your account at once, ends all sessions and revokes all its keys, at every service. Whoever has the password cannot undo this.',
  until: (time) => `The link works until ${time}.`,
  note: (service) => `${service} adds:`,
  why: (service) =>
    `You get this mail because you have an account at ${service}. It is sent after every change of the password and cannot be turned off.`,
};
