import type { Language } from '../languages.ts';
import type { LockWords } from './notice-words.ts';

/** A KEY was made for the user, or a second factor or a sign-in with a provider was added or removed: a fact says which. */
export const factorChange: Readonly<Record<Language, LockWords>> = {
  en: {
    subject: (service) => `The ways into your account at ${service} changed`,
    happened: (service) =>
      `Something that gets somebody into your account at ${service} was added or removed.`,
    why: (service) =>
      `You get this mail because you have an account at ${service}. It is sent whenever a key, a second factor or a sign-in with a provider is added or removed, and cannot be turned off.`,
    report: (service) => `Tell ${service} that somebody else changed the ways into your account.`,
  },
  de: {
    subject: (service) => `Die Zugänge zu Ihrem Konto bei ${service} wurden geändert`,
    happened: (service) =>
      `Etwas, das Zugang zu Ihrem Konto bei ${service} gibt, wurde hinzugefügt oder entfernt.`,
    why: (service) =>
      `Sie erhalten diese Nachricht, weil Sie ein Konto bei ${service} haben. Sie wird jedes Mal verschickt, wenn ein Schlüssel, ein zweiter Faktor oder die Anmeldung mit einem Anbieter hinzugefügt oder entfernt wird, und lässt sich nicht abbestellen.`,
    report: (service) =>
      `Melden Sie ${service}, dass jemand anderes die Zugänge zu Ihrem Konto geändert hat.`,
  },
  es: {
    subject: (service) => `Han cambiado las formas de entrar en su cuenta en ${service}`,
    happened: (service) =>
      `Se ha añadido o quitado algo que permite entrar en su cuenta en ${service}.`,
    why: (service) =>
      `Recibe este mensaje porque tiene una cuenta en ${service}. Se envía cada vez que se añade o se quita una clave, un segundo factor o el acceso con un proveedor, y no se puede desactivar.`,
    report: (service) =>
      `Avise a ${service} de que otra persona cambió las formas de entrar en su cuenta.`,
  },
  pt: {
    subject: (service) => `As formas de entrar na sua conta em ${service} mudaram`,
    happened: (service) =>
      `Foi adicionado ou removido algo que dá acesso à sua conta em ${service}.`,
    why: (service) =>
      `Você recebe esta mensagem porque tem uma conta em ${service}. Ela é enviada sempre que uma chave, um segundo fator ou o login com um provedor é adicionado ou removido, e não pode ser desativada.`,
    report: (service) =>
      `Avise ${service} que outra pessoa mudou as formas de entrar na sua conta.`,
  },
  ja: {
    subject: (service) => `${service} のアカウントへのログイン手段が変更されました`,
    happened: (service) =>
      `${service} のアカウントにログインするための手段が追加または削除されました。`,
    why: (service) =>
      `このメールは、${service} にアカウントをお持ちの方へ、キー、二つ目の認証要素、または外部サービスでのログインが追加または削除されるたびにお送りしています。配信を止めることはできません。`,
    report: (service) =>
      `第三者にアカウントへのログイン手段を変更されたことを ${service} に連絡してください。`,
  },
};
