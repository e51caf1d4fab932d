import type { Language } from '../languages.ts';
import type { LockWords } from './notice-words.ts';

/** A KEY was made for the user. */
export const factorChange: Readonly<Record<Language, LockWords>> = {
  en: {
    subject: (service) => `A key for your account at ${service} was created`,
    happened: (service) =>
      `A key was created that lets a program use your account at ${service} without your password.`,
    why: (service) =>
      `You get this mail because you have an account at ${service}. It is sent whenever a key is created for the account and cannot be turned off.`,
    report: (service) => `Tell ${service} that somebody else created a key for your account.`,
  },
  de: {
    subject: (service) => `Für Ihr Konto bei ${service} wurde ein Schlüssel erstellt`,
    happened: (service) =>
      `Es wurde ein Schlüssel erstellt, mit dem ein Programm Ihr Konto bei ${service} ohne Ihr Passwort nutzen kann.`,
    why: (service) =>
      `Sie erhalten diese Nachricht, weil Sie ein Konto bei ${service} haben. Sie wird jedes Mal verschickt, wenn ein Schlüssel für das Konto erstellt wird, und lässt sich nicht abbestellen.`,
    report: (service) =>
      `Melden Sie ${service}, dass jemand anderes einen Schlüssel für Ihr Konto erstellt hat.`,
  },
  es: {
    subject: (service) => `Se ha creado una clave para su cuenta en ${service}`,
    happened: (service) =>
      `Se ha creado una clave con la que un programa puede usar su cuenta en ${service} sin su contraseña.`,
    why: (service) =>
      `Recibe este mensaje porque tiene una cuenta en ${service}. Se envía cada vez que se crea una clave para la cuenta y no se puede desactivar.`,
    report: (service) => `Avise a ${service} de que otra persona creó una clave para su cuenta.`,
  },
  pt: {
    subject: (service) => `Uma chave foi criada para sua conta em ${service}`,
    happened: (service) =>
      `Foi criada uma chave com a qual um programa pode usar sua conta em ${service} sem a sua senha.`,
    why: (service) =>
      `Você recebe esta mensagem porque tem uma conta em ${service}. Ela é enviada sempre que uma chave é criada para a conta e não pode ser desativada.`,
    report: (service) => `Avise ${service} que outra pessoa criou uma chave para sua conta.`,
  },
  ja: {
    subject: (service) => `${service} のアカウントのキーが作成されました`,
    happened: (service) =>
      `プログラムがパスワードなしで ${service} のアカウントを利用できるキーが作成されました。`,
    why: (service) =>
      `このメールは、${service} にアカウントをお持ちの方へ、アカウントのキーが作成されるたびにお送りしています。配信を止めることはできません。`,
    report: (service) =>
      `第三者にアカウントのキーを作成されたことを ${service} に連絡してください。`,
  },
};
