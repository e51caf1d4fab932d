import type { Language } from '../languages.ts';
import type { NewsWords } from './notice-words.ts';

/** A KEY of the user is about to expire. */
export const keyExpiring: Readonly<Record<Language, NewsWords>> = {
  en: {
    subject: (service) => `A key of your account at ${service} is about to expire`,
    happened: (service) =>
      `A key is about to expire that lets a program use your account at ${service}.`,
    why: (service) =>
      `You get this mail because your account at ${service} has a key that does not last for ever. It is sent once for each key.`,
    next: (service) =>
      `If you still need the key, make a new one at ${service} in time. Otherwise there is nothing to do.`,
  },
  de: {
    subject: (service) => `Ein Schlüssel Ihres Kontos bei ${service} läuft bald ab`,
    happened: (service) =>
      `Ein Schlüssel läuft bald ab, mit dem ein Programm Ihr Konto bei ${service} nutzt.`,
    why: (service) =>
      `Sie erhalten diese Nachricht, weil Ihr Konto bei ${service} einen befristeten Schlüssel hat. Sie wird für jeden Schlüssel einmal verschickt.`,
    next: (service) =>
      `Wenn Sie den Schlüssel noch brauchen, erstellen Sie bei ${service} rechtzeitig einen neuen. Andernfalls ist nichts zu tun.`,
  },
  es: {
    subject: (service) => `Una clave de su cuenta en ${service} está a punto de caducar`,
    happened: (service) =>
      `Está a punto de caducar una clave con la que un programa usa su cuenta en ${service}.`,
    why: (service) =>
      `Recibe este mensaje porque su cuenta en ${service} tiene una clave con fecha de caducidad. Se envía una vez por cada clave.`,
    next: (service) =>
      `Si aún necesita la clave, cree otra en ${service} a tiempo. Si no, no tiene que hacer nada.`,
  },
  pt: {
    subject: (service) => `Uma chave da sua conta em ${service} está prestes a expirar`,
    happened: (service) =>
      `Está prestes a expirar uma chave com a qual um programa usa sua conta em ${service}.`,
    why: (service) =>
      `Você recebe esta mensagem porque sua conta em ${service} tem uma chave com validade. Ela é enviada uma vez por chave.`,
    next: (service) =>
      `Se ainda precisar da chave, crie outra em ${service} a tempo. Caso contrário, não é preciso fazer nada.`,
  },
  ja: {
    subject: (service) => `${service} のアカウントのキーの有効期限が近づいています`,
    happened: (service) =>
      `プログラムが ${service} のアカウントを利用するためのキーの有効期限が近づいています。`,
    why: (service) =>
      `このメールは、${service} のアカウントに期限付きのキーがあるため、キーごとに一度だけお送りしています。`,
    next: (service) =>
      `引き続き必要な場合は、期限までに ${service} で新しいキーを作成してください。不要であれば、何もする必要はありません。`,
  },
};
