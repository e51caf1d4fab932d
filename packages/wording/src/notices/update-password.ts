import type { Language } from '../languages.ts';
import type { LockWords } from './notice-words.ts';

/** The password was changed. */
export const updatePassword: Readonly<Record<Language, LockWords>> = {
  en: {
    subject: (service) => `Your password at ${service} was changed`,
    happened: (service) => `The password of your account at ${service} was changed.`,
    why: (service) =>
      `You get this mail because you have an account at ${service}. It is sent after every change of the password and cannot be turned off.`,
    report: (service) => `Tell ${service} that somebody else changed your password.`,
  },
  de: {
    subject: (service) => `Ihr Passwort bei ${service} wurde geändert`,
    happened: (service) => `Das Passwort Ihres Kontos bei ${service} wurde geändert.`,
    why: (service) =>
      `Sie erhalten diese Nachricht, weil Sie ein Konto bei ${service} haben. Sie wird nach jeder Änderung des Passworts verschickt und lässt sich nicht abbestellen.`,
    report: (service) => `Melden Sie ${service}, dass jemand anderes Ihr Passwort geändert hat.`,
  },
  es: {
    subject: (service) => `Se ha cambiado su contraseña en ${service}`,
    happened: (service) => `Se ha cambiado la contraseña de su cuenta en ${service}.`,
    why: (service) =>
      `Recibe este mensaje porque tiene una cuenta en ${service}. Se envía después de cada cambio de contraseña y no se puede desactivar.`,
    report: (service) => `Avise a ${service} de que otra persona cambió su contraseña.`,
  },
  pt: {
    subject: (service) => `Sua senha em ${service} foi alterada`,
    happened: (service) => `A senha da sua conta em ${service} foi alterada.`,
    why: (service) =>
      `Você recebe esta mensagem porque tem uma conta em ${service}. Ela é enviada após cada alteração da senha e não pode ser desativada.`,
    report: (service) => `Avise ${service} que outra pessoa alterou sua senha.`,
  },
  ja: {
    subject: (service) => `${service} のパスワードが変更されました`,
    happened: (service) => `${service} のアカウントのパスワードが変更されました。`,
    why: (service) =>
      `このメールは、${service} にアカウントをお持ちの方へ、パスワードが変更されるたびにお送りしています。配信を止めることはできません。`,
    report: (service) => `第三者にパスワードを変更されたことを ${service} に連絡してください。`,
  },
};
