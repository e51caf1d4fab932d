import type { Language } from '../languages.ts';
import type { GrantWords } from './notice-words.ts';

/** Somebody asks to register with an address that has an account already: the link only joins the service. */
export const registerKnown: Readonly<Record<Language, GrantWords>> = {
  en: {
    subject: (service) => `You can use the account that you have at ${service}`,
    happened: (service) =>
      `Somebody asked to register at ${service} with this e-mail address, which has an account here already.`,
    why: (service) =>
      `You get this mail because your address was entered in a registration at ${service}. Whoever entered it was not told that it has an account.`,
    ask: (service) => `If this was you, use the account at ${service} as well:`,
    button: 'Use my account there',
    effect:
      'The button opens a page that asks once more. Your account keeps its name and its password.',
    unless: 'If this wasn’t you, ignore this mail: your account stays as it is.',
  },
  de: {
    subject: (service) => `Sie können Ihr vorhandenes Konto bei ${service} nutzen`,
    happened: (service) =>
      `Jemand möchte sich bei ${service} mit dieser E-Mail-Adresse registrieren, zu der es hier schon ein Konto gibt.`,
    why: (service) =>
      `Sie erhalten diese Nachricht, weil Ihre Adresse bei einer Registrierung bei ${service} angegeben wurde. Wer sie angegeben hat, erfuhr nicht, dass es ein Konto gibt.`,
    ask: (service) => `Wenn Sie das waren, nutzen Sie das Konto auch bei ${service}:`,
    button: 'Mein Konto dort nutzen',
    effect:
      'Die Schaltfläche öffnet eine Seite, die noch einmal fragt. Ihr Konto behält Namen und Passwort.',
    unless:
      'Wenn Sie das nicht waren, beachten Sie diese Nachricht nicht: Ihr Konto bleibt, wie es ist.',
  },
  es: {
    subject: (service) => `Puede usar en ${service} la cuenta que ya tiene`,
    happened: (service) =>
      `Alguien ha pedido registrarse en ${service} con esta dirección de correo, que aquí ya tiene una cuenta.`,
    why: (service) =>
      `Recibe este mensaje porque su dirección se indicó en un registro en ${service}. A quien la indicó no se le dijo que tiene una cuenta.`,
    ask: (service) => `Si ha sido usted, use la cuenta también en ${service}:`,
    button: 'Usar mi cuenta allí',
    effect:
      'El botón abre una página que pregunta otra vez. Su cuenta conserva el nombre y la contraseña.',
    unless: 'Si no ha sido usted, ignore este mensaje: su cuenta queda como está.',
  },
  pt: {
    subject: (service) => `Você pode usar em ${service} a conta que já tem`,
    happened: (service) =>
      `Alguém pediu para se cadastrar em ${service} com este e-mail, que já tem uma conta aqui.`,
    why: (service) =>
      `Você recebe esta mensagem porque seu endereço foi informado em um cadastro em ${service}. Quem o informou não ficou sabendo que existe uma conta.`,
    ask: (service) => `Se foi você, use a conta também em ${service}:`,
    button: 'Usar minha conta lá',
    effect: 'O botão abre uma página que pergunta mais uma vez. Sua conta mantém o nome e a senha.',
    unless: 'Se não foi você, ignore esta mensagem: sua conta fica como está.',
  },
  ja: {
    subject: (service) => `お持ちのアカウントを ${service} でも利用できます`,
    happened: (service) =>
      `このメールアドレスで ${service} に登録する申し込みがありましたが、このアドレスにはすでにアカウントがあります。`,
    why: (service) =>
      `このメールは、${service} の登録でこのアドレスが入力されたためお送りしています。入力した人には、アカウントがあることは知らされていません。`,
    ask: (service) =>
      `ご本人による申し込みの場合は、お持ちのアカウントを ${service} でも利用できるようにしてください。`,
    button: 'お持ちのアカウントを利用',
    effect: 'ボタンを押すと、確認のページが開きます。アカウントの名前とパスワードは変わりません。',
    unless: 'お心当たりがない場合は、このメールを無視してください。アカウントは変わりません。',
  },
};
