import type { Language } from '../languages.ts';
import type { GrantWords } from './notice-words.ts';

/** Somebody asks to reset the password. */
export const resetPassword: Readonly<Record<Language, GrantWords>> = {
  en: {
    subject: (service) => `Set a new password at ${service}`,
    happened: (service) => `Somebody asked to reset the password of your account at ${service}.`,
    why: (service) =>
      `You get this mail because you have an account at ${service}. It is sent when somebody says that the password is forgotten.`,
    ask: () => 'If this was you, set a new password now:',
    button: 'Set a new password',
    effect:
      'The button opens a page on which you choose the new password. Then everyone is signed out, on every device.',
    unless: 'If this wasn’t you, ignore this mail: your password stays as it is.',
  },
  de: {
    subject: (service) => `Neues Passwort bei ${service} festlegen`,
    happened: (service) => `Jemand möchte das Passwort Ihres Kontos bei ${service} zurücksetzen.`,
    why: (service) =>
      `Sie erhalten diese Nachricht, weil Sie ein Konto bei ${service} haben. Sie wird verschickt, wenn jemand angibt, das Passwort vergessen zu haben.`,
    ask: () => 'Wenn Sie das waren, legen Sie jetzt ein neues Passwort fest:',
    button: 'Neues Passwort festlegen',
    effect:
      'Die Schaltfläche öffnet eine Seite, auf der Sie das neue Passwort wählen. Danach sind alle abgemeldet, auf jedem Gerät.',
    unless:
      'Wenn Sie das nicht waren, beachten Sie diese Nachricht nicht: Ihr Passwort bleibt, wie es ist.',
  },
  es: {
    subject: (service) => `Elija una contraseña nueva en ${service}`,
    happened: (service) =>
      `Alguien ha pedido restablecer la contraseña de su cuenta en ${service}.`,
    why: (service) =>
      `Recibe este mensaje porque tiene una cuenta en ${service}. Se envía cuando alguien dice que ha olvidado la contraseña.`,
    ask: () => 'Si ha sido usted, elija ahora una contraseña nueva:',
    button: 'Elegir una contraseña nueva',
    effect:
      'El botón abre una página en la que elige la contraseña nueva. Después se cierran todas las sesiones, en todos los dispositivos.',
    unless: 'Si no ha sido usted, ignore este mensaje: su contraseña queda como está.',
  },
  pt: {
    subject: (service) => `Crie uma nova senha em ${service}`,
    happened: (service) => `Alguém pediu para redefinir a senha da sua conta em ${service}.`,
    why: (service) =>
      `Você recebe esta mensagem porque tem uma conta em ${service}. Ela é enviada quando alguém diz que esqueceu a senha.`,
    ask: () => 'Se foi você, crie uma nova senha agora:',
    button: 'Criar uma nova senha',
    effect:
      'O botão abre uma página em que você escolhe a nova senha. Depois disso todas as sessões são encerradas, em todos os dispositivos.',
    unless: 'Se não foi você, ignore esta mensagem: sua senha fica como está.',
  },
  ja: {
    subject: (service) => `${service} の新しいパスワードを設定してください`,
    happened: (service) => `${service} のアカウントのパスワードを再設定する申し込みがありました。`,
    why: (service) =>
      `このメールは、${service} にアカウントをお持ちの方へ、パスワードを忘れたという申し出があったときにお送りしています。`,
    ask: () => 'ご本人による申し込みの場合は、新しいパスワードを設定してください。',
    button: '新しいパスワードを設定',
    effect:
      'ボタンを押すと、新しいパスワードを決めるページが開きます。設定すると、すべての端末でログアウトされます。',
    unless: 'お心当たりがない場合は、このメールを無視してください。パスワードは変わりません。',
  },
};
