import type { Language } from '../languages.ts';
import type { GrantWords } from './notice-words.ts';

/** An account that its owner locked can be opened again. */
export const recover: Readonly<Record<Language, GrantWords>> = {
  en: {
    subject: (service) => `Open your account at ${service} again`,
    happened: (service) =>
      `Your account at ${service} is locked. From here it can be opened for you again.`,
    why: (service) =>
      `You get this mail because your account at ${service} was locked by a link that was mailed to its owner.`,
    ask: () => 'If you want it back, choose a new password:',
    button: 'Open my account again',
    effect:
      'The button opens a page on which you choose it. It must not be a password that the account had before. Keys and second factors have to be made anew.',
    unless: 'If you do not want it back, ignore this mail: the account stays locked.',
  },
  de: {
    subject: (service) => `Öffnen Sie Ihr Konto bei ${service} wieder`,
    happened: (service) =>
      `Ihr Konto bei ${service} ist gesperrt. Von hier aus lässt es sich wieder für Sie öffnen.`,
    why: (service) =>
      `Sie erhalten diese Nachricht, weil Ihr Konto bei ${service} mit einem Link gesperrt wurde, der an seinen Eigentümer gemailt wurde.`,
    ask: () => 'Wenn Sie es zurückhaben möchten, wählen Sie ein neues Passwort:',
    button: 'Mein Konto wieder öffnen',
    effect:
      'Die Schaltfläche öffnet eine Seite, auf der Sie es wählen. Es darf keines sein, das das Konto schon hatte. Schlüssel und zweite Faktoren müssen neu eingerichtet werden.',
    unless:
      'Wenn Sie es nicht zurückhaben möchten, beachten Sie diese Nachricht nicht: Das Konto bleibt gesperrt.',
  },
  es: {
    subject: (service) => `Vuelva a abrir su cuenta en ${service}`,
    happened: (service) =>
      `Su cuenta en ${service} está bloqueada. Desde aquí se puede volver a abrir para usted.`,
    why: (service) =>
      `Recibe este mensaje porque su cuenta en ${service} se bloqueó con un enlace que se envió a su titular.`,
    ask: () => 'Si quiere recuperarla, elija una contraseña nueva:',
    button: 'Volver a abrir mi cuenta',
    effect:
      'El botón abre una página en la que la elige. No puede ser una que la cuenta ya haya tenido. Las claves y los segundos factores tendrán que crearse de nuevo.',
    unless: 'Si no quiere recuperarla, ignore este mensaje: la cuenta seguirá bloqueada.',
  },
  pt: {
    subject: (service) => `Reabra sua conta em ${service}`,
    happened: (service) =>
      `Sua conta em ${service} está bloqueada. A partir daqui ela pode ser reaberta para você.`,
    why: (service) =>
      `Você recebe esta mensagem porque sua conta em ${service} foi bloqueada por um link enviado ao dono dela.`,
    ask: () => 'Se quiser a conta de volta, escolha uma nova senha:',
    button: 'Reabrir minha conta',
    effect:
      'O botão abre uma página em que você a escolhe. Não pode ser uma senha que a conta já teve. Chaves e segundos fatores precisam ser criados de novo.',
    unless: 'Se não quiser a conta de volta, ignore esta mensagem: ela continua bloqueada.',
  },
  ja: {
    subject: (service) => `${service} のアカウントのロックを解除してください`,
    happened: (service) =>
      `${service} のアカウントはロックされています。このメールからロックを解除できます。`,
    why: (service) =>
      `このメールは、${service} のアカウントが所有者へのメールのリンクからロックされたためお送りしています。`,
    ask: () => 'アカウントを取り戻す場合は、新しいパスワードを決めてください。',
    button: 'ロックを解除',
    effect:
      'ボタンを押すと、パスワードを決めるページが開きます。以前に使われたパスワードは使えません。キーと二段階認証は設定し直す必要があります。',
    unless: '取り戻さない場合は、このメールを無視してください。アカウントはロックされたままです。',
  },
};
