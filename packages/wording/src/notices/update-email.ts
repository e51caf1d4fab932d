import type { Language } from '../languages.ts';
import type { LockWords } from './notice-words.ts';

/** The address was changed: the mail goes to the address from before. */
export const updateEmail: Readonly<Record<Language, LockWords>> = {
  en: {
    subject: (service) => `The e-mail address of your account at ${service} was changed`,
    happened: (service) =>
      `Your account at ${service} has another e-mail address now. Mails about it no longer come here.`,
    why: (service) =>
      `You get this mail because your account at ${service} had this address before. It is sent after every change of the address and cannot be turned off.`,
    report: (service) => `Tell ${service} that somebody else changed the address of your account.`,
    besides: 'Your account gets this e-mail address back.',
  },
  de: {
    subject: (service) => `Die E-Mail-Adresse Ihres Kontos bei ${service} wurde geändert`,
    happened: (service) =>
      `Ihr Konto bei ${service} hat jetzt eine andere E-Mail-Adresse. Nachrichten dazu kommen nicht mehr hier an.`,
    why: (service) =>
      `Sie erhalten diese Nachricht, weil Ihr Konto bei ${service} bisher diese Adresse hatte. Sie wird nach jeder Änderung der Adresse verschickt und lässt sich nicht abbestellen.`,
    report: (service) =>
      `Melden Sie ${service}, dass jemand anderes die Adresse Ihres Kontos geändert hat.`,
    besides: 'Ihr Konto erhält diese E-Mail-Adresse zurück.',
  },
  es: {
    subject: (service) => `Se ha cambiado la dirección de correo de su cuenta en ${service}`,
    happened: (service) =>
      `Su cuenta en ${service} tiene ahora otra dirección de correo. Los mensajes sobre ella ya no llegan aquí.`,
    why: (service) =>
      `Recibe este mensaje porque su cuenta en ${service} tenía antes esta dirección. Se envía después de cada cambio de dirección y no se puede desactivar.`,
    report: (service) => `Avise a ${service} de que otra persona cambió la dirección de su cuenta.`,
    besides: 'Su cuenta recupera esta dirección de correo.',
  },
  pt: {
    subject: (service) => `O e-mail da sua conta em ${service} foi alterado`,
    happened: (service) =>
      `Sua conta em ${service} agora tem outro e-mail. As mensagens sobre ela não chegam mais aqui.`,
    why: (service) =>
      `Você recebe esta mensagem porque sua conta em ${service} tinha este endereço antes. Ela é enviada após cada alteração do endereço e não pode ser desativada.`,
    report: (service) => `Avise ${service} que outra pessoa alterou o endereço da sua conta.`,
    besides: 'Sua conta volta a ter este e-mail.',
  },
  ja: {
    subject: (service) => `${service} のアカウントのメールアドレスが変更されました`,
    happened: (service) =>
      `${service} のアカウントは別のメールアドレスに変更されました。今後のお知らせはこのアドレスに届きません。`,
    why: (service) =>
      `このメールは、${service} のアカウントの変更前のアドレスへ、アドレスが変更されるたびにお送りしています。配信を止めることはできません。`,
    report: (service) =>
      `第三者にアカウントのアドレスを変更されたことを ${service} に連絡してください。`,
    besides: 'アカウントのメールアドレスは、このアドレスに戻ります。',
  },
};
