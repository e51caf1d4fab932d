import type { Language } from '../languages.ts';
import type { GrantWords } from './notice-words.ts';

/** Somebody asks to register with an address that has no account, or none that anybody proved. */
export const register: Readonly<Record<Language, GrantWords>> = {
  en: {
    subject: (service) => `Finish your registration at ${service}`,
    happened: (service) =>
      `Somebody asked to create an account at ${service} with this e-mail address.`,
    why: (service) =>
      `You get this mail because your address was entered in a registration at ${service}.`,
    ask: () => 'If this was you, create the account now:',
    button: 'Create my account',
    effect: 'The button opens a page on which you choose a password. The account is yours then.',
    unless: 'If this wasn’t you, ignore this mail: nothing is created in your name.',
  },
  de: {
    subject: (service) => `Schließen Sie Ihre Registrierung bei ${service} ab`,
    happened: (service) =>
      `Jemand möchte mit dieser E-Mail-Adresse ein Konto bei ${service} anlegen.`,
    why: (service) =>
      `Sie erhalten diese Nachricht, weil Ihre Adresse bei einer Registrierung bei ${service} angegeben wurde.`,
    ask: () => 'Wenn Sie das waren, legen Sie das Konto jetzt an:',
    button: 'Mein Konto anlegen',
    effect:
      'Die Schaltfläche öffnet eine Seite, auf der Sie ein Passwort wählen. Danach gehört das Konto Ihnen.',
    unless:
      'Wenn Sie das nicht waren, beachten Sie diese Nachricht nicht: In Ihrem Namen wird nichts angelegt.',
  },
  es: {
    subject: (service) => `Termine su registro en ${service}`,
    happened: (service) =>
      `Alguien ha pedido crear una cuenta en ${service} con esta dirección de correo.`,
    why: (service) =>
      `Recibe este mensaje porque su dirección se indicó en un registro en ${service}.`,
    ask: () => 'Si ha sido usted, cree la cuenta ahora:',
    button: 'Crear mi cuenta',
    effect: 'El botón abre una página en la que elige una contraseña. Después la cuenta es suya.',
    unless: 'Si no ha sido usted, ignore este mensaje: no se crea nada en su nombre.',
  },
  pt: {
    subject: (service) => `Conclua seu cadastro em ${service}`,
    happened: (service) => `Alguém pediu para criar uma conta em ${service} com este e-mail.`,
    why: (service) =>
      `Você recebe esta mensagem porque seu endereço foi informado em um cadastro em ${service}.`,
    ask: () => 'Se foi você, crie a conta agora:',
    button: 'Criar minha conta',
    effect: 'O botão abre uma página em que você escolhe uma senha. Depois disso a conta é sua.',
    unless: 'Se não foi você, ignore esta mensagem: nada é criado em seu nome.',
  },
  ja: {
    subject: (service) => `${service} の登録を完了してください`,
    happened: (service) =>
      `このメールアドレスで ${service} のアカウントを作成する申し込みがありました。`,
    why: (service) =>
      `このメールは、${service} の登録でこのアドレスが入力されたためお送りしています。`,
    ask: () => 'ご本人による申し込みの場合は、アカウントを作成してください。',
    button: 'アカウントを作成',
    effect:
      'ボタンを押すと、パスワードを決めるページが開きます。決めた時点でアカウントが作成されます。',
    unless: 'お心当たりがない場合は、このメールを無視してください。アカウントは作成されません。',
  },
};
