import type { Language } from '../languages.ts';
import type { GrantWords } from './notice-words.ts';

/** An account has an address that nobody has proved yet. */
export const validateEmail: Readonly<Record<Language, GrantWords>> = {
  en: {
    subject: (service) => `Confirm your address at ${service}`,
    happened: (service) =>
      `An account at ${service} has this e-mail address, and nobody has confirmed it yet.`,
    why: (service) =>
      `You get this mail because your address was entered for an account at ${service}.`,
    ask: () => 'If the account is yours, confirm the address:',
    button: 'Confirm my address',
    effect:
      'The button opens a page that asks once more. The address counts as yours from then on.',
    unless: 'If you did not make this account, lock it: then nobody can use it in your name.',
    refuse: 'I did not make this account',
  },
  de: {
    subject: (service) => `Bestätigen Sie Ihre E-Mail-Adresse bei ${service}`,
    happened: (service) =>
      `Ein Konto bei ${service} hat diese E-Mail-Adresse, und noch hat sie niemand bestätigt.`,
    why: (service) =>
      `Sie erhalten diese Nachricht, weil Ihre Adresse für ein Konto bei ${service} angegeben wurde.`,
    ask: () => 'Wenn es Ihr Konto ist, bestätigen Sie die Adresse:',
    button: 'Meine Adresse bestätigen',
    effect:
      'Die Schaltfläche öffnet eine Seite, die noch einmal fragt. Danach gilt die Adresse als Ihre.',
    unless:
      'Wenn Sie dieses Konto nicht angelegt haben, sperren Sie es: Dann kann es niemand unter Ihrer Adresse nutzen.',
    refuse: 'Ich habe dieses Konto nicht angelegt',
  },
  es: {
    subject: (service) => `Confirme su dirección de correo en ${service}`,
    happened: (service) =>
      `Una cuenta en ${service} tiene esta dirección de correo, y nadie la ha confirmado todavía.`,
    why: (service) =>
      `Recibe este mensaje porque su dirección se indicó para una cuenta en ${service}.`,
    ask: () => 'Si la cuenta es suya, confirme la dirección:',
    button: 'Confirmar mi dirección',
    effect:
      'El botón abre una página que pregunta otra vez. Después la dirección consta como suya.',
    unless:
      'Si usted no creó esta cuenta, bloquéela: entonces nadie podrá usarla con su dirección.',
    refuse: 'Yo no creé esta cuenta',
  },
  pt: {
    subject: (service) => `Confirme seu e-mail em ${service}`,
    happened: (service) =>
      `Uma conta em ${service} tem este e-mail, e ninguém o confirmou até agora.`,
    why: (service) =>
      `Você recebe esta mensagem porque seu endereço foi informado para uma conta em ${service}.`,
    ask: () => 'Se a conta é sua, confirme o endereço:',
    button: 'Confirmar meu endereço',
    effect:
      'O botão abre uma página que pergunta mais uma vez. Depois disso o endereço consta como seu.',
    unless:
      'Se você não criou esta conta, bloqueie-a: assim ninguém pode usá-la com o seu endereço.',
    refuse: 'Eu não criei esta conta',
  },
  ja: {
    subject: (service) => `${service} のメールアドレスを確認してください`,
    happened: (service) =>
      `${service} のアカウントにこのメールアドレスが登録されていますが、まだ確認されていません。`,
    why: (service) =>
      `このメールは、${service} のアカウントにこのアドレスが入力されたためお送りしています。`,
    ask: () => 'ご自身のアカウントである場合は、アドレスを確認してください。',
    button: 'アドレスを確認',
    effect:
      'ボタンを押すと、確認のページが開きます。確認すると、ご本人のアドレスとして記録されます。',
    unless:
      'アカウントを作成した覚えがない場合は、ロックしてください。このアドレスのアカウントは誰にも使えなくなります。',
    refuse: 'このアカウントを作成していません',
  },
};
