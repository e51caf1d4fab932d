import type { Phrases } from './phrases.ts';

export const de: Phrases = {
  subject: (service) => `Ihr Passwort bei ${service} wurde geändert`,
  changed: (service) => `Das Passwort Ihres Kontos bei ${service} wurde geändert.`,
  when: 'Zeitpunkt',
  address: 'IP-Adresse',
  client: 'Gerät, nach eigener Angabe',
  unknown: 'unbekannt',
  wasYou: 'Wenn Sie das waren, müssen Sie nichts tun.',
  wasNotYou: 'Wenn Sie das nicht waren, folgen Sie diesem Link:',
  button: 'Das war ich nicht: mein Konto sperren',
  copy: 'Wenn die Schaltfläche nicht funktioniert, öffnen Sie diese Adresse:',
  effect:
    'Er sperrt Ihr Konto sofort, beendet alle Sitzungen und widerruft alle Schlüssel des Kontos, bei allen Diensten. Wer das Passwort hat, kann das nicht rückgängig machen.',
  until: (time) => `Der Link gilt bis ${time}.`,
  note: (service) => `${service} fügt hinzu:`,
  why: (service) =>
    `Sie erhalten diese Nachricht, weil Sie ein Konto bei ${service} haben. Sie wird nach jeder Änderung des Passworts verschickt und lässt sich nicht abbestellen.`,
};
