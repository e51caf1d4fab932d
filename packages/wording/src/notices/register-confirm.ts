import type { Language } from '../languages.ts';
import type { LockWords } from './notice-words.ts';

/** The account was made by the link of a registration. */
export const registerConfirm: Readonly<Record<Language, LockWords>> = {
  en: {
    subject: (service) => `You have an account at ${service} now`,
    happened: (service) => `Your e-mail address was confirmed for an account at ${service}.`,
    why: (service) =>
      `You get this mail because you have an account at ${service}. It is sent after every registration and cannot be turned off.`,
    report: (service) => `Tell ${service} that somebody else registered with your address.`,
  },
  de: {
    subject: (service) => `Sie haben jetzt ein Konto bei ${service}`,
    happened: (service) => `Ihre E-Mail-Adresse wurde für ein Konto bei ${service} bestätigt.`,
    why: (service) =>
      `Sie erhalten diese Nachricht, weil Sie ein Konto bei ${service} haben. Sie wird nach jeder Registrierung verschickt und lässt sich nicht abbestellen.`,
    report: (service) =>
      `Melden Sie ${service}, dass sich jemand anderes mit Ihrer Adresse registriert hat.`,
  },
  es: {
    subject: (service) => `Ya tiene una cuenta en ${service}`,
    happened: (service) => `Se ha confirmado su dirección de correo para una cuenta en ${service}.`,
    why: (service) =>
      `Recibe este mensaje porque tiene una cuenta en ${service}. Se envía después de cada registro y no se puede desactivar.`,
    report: (service) => `Avise a ${service} de que otra persona se registró con su dirección.`,
  },
  pt: {
    subject: (service) => `Agora você tem uma conta em ${service}`,
    happened: (service) => `Seu e-mail foi confirmado para uma conta em ${service}.`,
    why: (service) =>
      `Você recebe esta mensagem porque tem uma conta em ${service}. Ela é enviada após cada cadastro e não pode ser desativada.`,
    report: (service) => `Avise ${service} que outra pessoa se cadastrou com seu endereço.`,
  },
  ja: {
    subject: (service) => `${service} のアカウントが作成されました`,
    happened: (service) => `${service} のアカウントでメールアドレスが確認されました。`,
    why: (service) =>
      `このメールは、${service} にアカウントをお持ちの方へ、登録のたびにお送りしています。配信を止めることはできません。`,
    report: (service) => `第三者にこのアドレスで登録されたことを ${service} に連絡してください。`,
  },
};
