import type { Language } from '../languages.ts';
import type { LockWords } from './notice-words.ts';

/** A login came from a device and a network that are new to the account. */
export const newDevice: Readonly<Record<Language, LockWords>> = {
  en: {
    subject: (service) => `Your account at ${service} was used from a new device`,
    happened: (service) =>
      `Somebody signed in to your account at ${service} from a device and a network that it does not know.`,
    why: (service) =>
      `You get this mail because you have an account at ${service}. It is sent when a device signs in for the first time, from a network that is new as well.`,
    report: (service) => `Tell ${service} that somebody else signed in to your account.`,
  },
  de: {
    subject: (service) => `Ihr Konto bei ${service} wurde von einem neuen Gerät aus genutzt`,
    happened: (service) =>
      `Jemand hat sich bei Ihrem Konto bei ${service} von einem Gerät und aus einem Netz angemeldet, die es nicht kennt.`,
    why: (service) =>
      `Sie erhalten diese Nachricht, weil Sie ein Konto bei ${service} haben. Sie wird verschickt, wenn sich ein Gerät zum ersten Mal anmeldet, und zwar aus einem ebenfalls neuen Netz.`,
    report: (service) =>
      `Melden Sie ${service}, dass sich jemand anderes bei Ihrem Konto angemeldet hat.`,
  },
  es: {
    subject: (service) => `Se ha usado su cuenta en ${service} desde un dispositivo nuevo`,
    happened: (service) =>
      `Alguien ha entrado en su cuenta en ${service} desde un dispositivo y una red que la cuenta no conoce.`,
    why: (service) =>
      `Recibe este mensaje porque tiene una cuenta en ${service}. Se envía cuando un dispositivo entra por primera vez, desde una red que también es nueva.`,
    report: (service) => `Avise a ${service} de que otra persona entró en su cuenta.`,
  },
  pt: {
    subject: (service) => `Sua conta em ${service} foi usada em um novo dispositivo`,
    happened: (service) =>
      `Alguém entrou na sua conta em ${service} a partir de um dispositivo e de uma rede que ela não conhece.`,
    why: (service) =>
      `Você recebe esta mensagem porque tem uma conta em ${service}. Ela é enviada quando um dispositivo entra pela primeira vez, a partir de uma rede que também é nova.`,
    report: (service) => `Avise ${service} que outra pessoa entrou na sua conta.`,
  },
  ja: {
    subject: (service) => `${service} のアカウントが新しい端末から利用されました`,
    happened: (service) =>
      `これまでにない端末とネットワークから ${service} のアカウントにログインがありました。`,
    why: (service) =>
      `このメールは、${service} にアカウントをお持ちの方へ、新しい端末が新しいネットワークから初めてログインしたときにお送りしています。`,
    report: (service) => `第三者にアカウントへログインされたことを ${service} に連絡してください。`,
  },
};
