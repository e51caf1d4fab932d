import type { Language } from '@rekey/wording';

/** The words that all mails share, and no page. `service` is a name; times are in words. */
export type MailWords = {
  /** Introduces the link, for clients that show no button. */
  readonly copy: string;
  /** Says where the button leads, by the name of a host. */
  readonly leads: (host: string) => string;
  /** Introduces the place to ask. */
  readonly help: string;
  /** Says the effect of the lock. */
  readonly effect: string;
  readonly until: (time: string) => string;
  /** Introduces what the service adds. */
  readonly note: (service: string) => string;
};

export const mailWords: Readonly<Record<Language, MailWords>> = {
  en: {
    copy: 'If the button does not work, open this address:',
    leads: (host) =>
      `The button opens a page of ${host}. Nothing happens until you press a button there.`,
    help: 'If you are not sure about this mail, ask here:',
    effect:
      'The lock ends all sessions at once and revokes all keys of the account, at every service. Nobody can undo it with the password.',
    until: (time) => `The link works until ${time}.`,
    note: (service) => `${service} adds:`,
  },
  de: {
    copy: 'Wenn die Schaltfläche nicht funktioniert, öffnen Sie diese Adresse:',
    leads: (host) =>
      `Die Schaltfläche öffnet eine Seite von ${host}. Es geschieht nichts, bis Sie dort eine Schaltfläche betätigen.`,
    help: 'Wenn Sie sich bei dieser Nachricht nicht sicher sind, fragen Sie hier:',
    effect:
      'Die Sperre beendet sofort alle Sitzungen und widerruft alle Schlüssel des Kontos, bei allen Diensten. Wer das Passwort hat, kann sie nicht rückgängig machen.',
    until: (time) => `Der Link gilt bis ${time}.`,
    note: (service) => `${service} fügt hinzu:`,
  },
  es: {
    copy: 'Si el botón no funciona, abra esta dirección:',
    leads: (host) =>
      `El botón abre una página de ${host}. No ocurre nada hasta que pulse un botón en ella.`,
    help: 'Si tiene dudas sobre este mensaje, pregunte aquí:',
    effect:
      'El bloqueo cierra de inmediato todas las sesiones y revoca todas las claves de la cuenta, en todos los servicios. Quien tenga la contraseña no podrá deshacerlo.',
    until: (time) => `El enlace funciona hasta el ${time}.`,
    note: (service) => `Mensaje de ${service}:`,
  },
  pt: {
    copy: 'Se o botão não funcionar, abra este endereço:',
    leads: (host) =>
      `O botão abre uma página de ${host}. Nada acontece até que você clique em um botão nela.`,
    help: 'Se tiver dúvidas sobre esta mensagem, pergunte aqui:',
    effect:
      'O bloqueio encerra imediatamente todas as sessões e revoga todas as chaves da conta, em todos os serviços. Quem tem a senha não consegue desfazê-lo.',
    until: (time) => `O link funciona até ${time}.`,
    note: (service) => `Mensagem de ${service}:`,
  },
  ja: {
    copy: 'ボタンが使えない場合は、次のアドレスを開いてください。',
    leads: (host) =>
      `ボタンを押すと ${host} のページが開きます。そのページのボタンを押すまで、何も実行されません。`,
    help: 'このメールについてご不明な点は、こちらへお問い合わせください。',
    effect:
      'ロックすると、すべてのセッションが直ちに終了し、すべてのサービスでアカウントのキーが無効になります。パスワードを持つ人でも、ロックを解除することはできません。',
    until: (time) => `リンクの有効期限：${time}`,
    note: (service) => `${service} からのメッセージ：`,
  },
};
