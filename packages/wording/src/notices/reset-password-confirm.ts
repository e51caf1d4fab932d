import type { Language } from '../languages.ts';
import type { LockWords } from './notice-words.ts';

/** The password was set by a link that was mailed to the owner. */
export const resetPasswordConfirm: Readonly<Record<Language, LockWords>> = {
  en: {
    subject: (service) => `Your password at ${service} was reset`,
    happened: (service) =>
      `A new password was set for your account at ${service}, by a link that was mailed to you.`,
    why: (service) =>
      `You get this mail because you have an account at ${service}. It is sent whenever a mailed link sets the password and cannot be turned off.`,
    report: (service) => `Tell ${service} that somebody else reset your password.`,
  },
  de: {
    subject: (service) => `Ihr Passwort bei ${service} wurde zurückgesetzt`,
    happened: (service) =>
      `Für Ihr Konto bei ${service} wurde ein neues Passwort festgelegt, mit einem Link, der Ihnen gemailt wurde.`,
    why: (service) =>
      `Sie erhalten diese Nachricht, weil Sie ein Konto bei ${service} haben. Sie wird jedes Mal verschickt, wenn ein gemailter Link das Passwort festlegt, und lässt sich nicht abbestellen.`,
    report: (service) =>
      `Melden Sie ${service}, dass jemand anderes Ihr Passwort zurückgesetzt hat.`,
  },
  es: {
    subject: (service) => `Se ha restablecido su contraseña en ${service}`,
    happened: (service) =>
      `Se ha elegido una contraseña nueva para su cuenta en ${service}, con un enlace que se le envió por correo.`,
    why: (service) =>
      `Recibe este mensaje porque tiene una cuenta en ${service}. Se envía cada vez que un enlace enviado por correo cambia la contraseña y no se puede desactivar.`,
    report: (service) => `Avise a ${service} de que otra persona restableció su contraseña.`,
  },
  pt: {
    subject: (service) => `Sua senha em ${service} foi redefinida`,
    happened: (service) =>
      `Uma nova senha foi criada para sua conta em ${service}, por um link enviado a você por e-mail.`,
    why: (service) =>
      `Você recebe esta mensagem porque tem uma conta em ${service}. Ela é enviada sempre que um link enviado por e-mail define a senha e não pode ser desativada.`,
    report: (service) => `Avise ${service} que outra pessoa redefiniu sua senha.`,
  },
  ja: {
    subject: (service) => `${service} のパスワードが再設定されました`,
    happened: (service) =>
      `メールでお送りしたリンクから、${service} のアカウントに新しいパスワードが設定されました。`,
    why: (service) =>
      `このメールは、${service} にアカウントをお持ちの方へ、メールのリンクからパスワードが設定されるたびにお送りしています。配信を止めることはできません。`,
    report: (service) => `第三者にパスワードを再設定されたことを ${service} に連絡してください。`,
  },
};
