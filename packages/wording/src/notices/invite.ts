import type { Language } from '../languages.ts';
import type { GrantWords } from './notice-words.ts';

/** An account was made for somebody, who chooses its password. */
export const invite: Readonly<Record<Language, GrantWords>> = {
  en: {
    subject: (service) => `An account at ${service} was made for you`,
    happened: (service) => `An account at ${service} was made for you, with this e-mail address.`,
    why: (service) => `You get this mail because ${service} invites you to use the account.`,
    ask: () => 'If you want to use it, choose a password:',
    button: 'Choose a password',
    effect:
      'The button opens a page on which you choose it. Until then nobody can sign in to the account.',
    unless: 'If you did not expect this, ignore this mail: the account stays without a password.',
  },
  de: {
    subject: (service) => `Für Sie wurde ein Konto bei ${service} angelegt`,
    happened: (service) =>
      `Für Sie wurde mit dieser E-Mail-Adresse ein Konto bei ${service} angelegt.`,
    why: (service) =>
      `Sie erhalten diese Nachricht, weil ${service} Sie einlädt, das Konto zu nutzen.`,
    ask: () => 'Wenn Sie es nutzen möchten, wählen Sie ein Passwort:',
    button: 'Passwort wählen',
    effect:
      'Die Schaltfläche öffnet eine Seite, auf der Sie es wählen. Bis dahin kann sich niemand bei dem Konto anmelden.',
    unless:
      'Wenn Sie das nicht erwartet haben, beachten Sie diese Nachricht nicht: Das Konto bleibt ohne Passwort.',
  },
  es: {
    subject: (service) => `Se ha creado una cuenta en ${service} para usted`,
    happened: (service) =>
      `Se ha creado para usted una cuenta en ${service}, con esta dirección de correo.`,
    why: (service) => `Recibe este mensaje porque ${service} le invita a usar la cuenta.`,
    ask: () => 'Si quiere usarla, elija una contraseña:',
    button: 'Elegir una contraseña',
    effect:
      'El botón abre una página en la que la elige. Hasta entonces nadie puede entrar en la cuenta.',
    unless: 'Si no esperaba esto, ignore este mensaje: la cuenta queda sin contraseña.',
  },
  pt: {
    subject: (service) => `Uma conta em ${service} foi criada para você`,
    happened: (service) => `Uma conta em ${service} foi criada para você, com este e-mail.`,
    why: (service) => `Você recebe esta mensagem porque ${service} convida você a usar a conta.`,
    ask: () => 'Se quiser usá-la, escolha uma senha:',
    button: 'Escolher uma senha',
    effect:
      'O botão abre uma página em que você a escolhe. Até lá, ninguém consegue entrar na conta.',
    unless: 'Se você não esperava isto, ignore esta mensagem: a conta fica sem senha.',
  },
  ja: {
    subject: (service) => `${service} のアカウントをご用意しました`,
    happened: (service) => `このメールアドレスで ${service} のアカウントが用意されました。`,
    why: (service) =>
      `このメールは、${service} がアカウントの利用にご招待しているためお送りしています。`,
    ask: () => '利用する場合は、パスワードを決めてください。',
    button: 'パスワードを決める',
    effect:
      'ボタンを押すと、パスワードを決めるページが開きます。決めるまでは誰もログインできません。',
    unless:
      'お心当たりがない場合は、このメールを無視してください。アカウントにはパスワードがないままです。',
  },
};
