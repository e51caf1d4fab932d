import type { Language } from '../languages.ts';
import type { NewsWords } from './notice-words.ts';

/** The account was deleted, and no link can bring it back. */
export const accountDeleted: Readonly<Record<Language, NewsWords>> = {
  en: {
    subject: (service) => `Your account at ${service} was deleted`,
    happened: (service) =>
      `Your account at ${service} was deleted, with everything that was kept about it.`,
    why: (service) =>
      `You get this mail because you had an account at ${service}. It is sent after every deletion and is the last one about the account.`,
    next: (service) =>
      `If this was not your wish, tell ${service} so. The account cannot be brought back, and nobody can sign in to it.`,
  },
  de: {
    subject: (service) => `Ihr Konto bei ${service} wurde gelöscht`,
    happened: (service) =>
      `Ihr Konto bei ${service} wurde gelöscht, und mit ihm alles, was darüber gespeichert war.`,
    why: (service) =>
      `Sie erhalten diese Nachricht, weil Sie ein Konto bei ${service} hatten. Sie wird nach jeder Löschung verschickt und ist die letzte zu dem Konto.`,
    next: (service) =>
      `Wenn Sie das nicht wollten, melden Sie es ${service}. Das Konto lässt sich nicht wiederherstellen, und niemand kann sich damit noch anmelden.`,
  },
  es: {
    subject: (service) => `Se ha eliminado su cuenta en ${service}`,
    happened: (service) =>
      `Se ha eliminado su cuenta en ${service}, con todo lo que se guardaba de ella.`,
    why: (service) =>
      `Recibe este mensaje porque tenía una cuenta en ${service}. Se envía después de cada eliminación y es el último sobre la cuenta.`,
    next: (service) =>
      `Si no lo quería, avise a ${service}. La cuenta no se puede recuperar, y nadie puede entrar en ella.`,
  },
  pt: {
    subject: (service) => `Sua conta em ${service} foi excluída`,
    happened: (service) =>
      `Sua conta em ${service} foi excluída, com tudo o que estava guardado sobre ela.`,
    why: (service) =>
      `Você recebe esta mensagem porque tinha uma conta em ${service}. Ela é enviada após cada exclusão e é a última sobre a conta.`,
    next: (service) =>
      `Se você não queria isso, avise ${service}. A conta não pode ser recuperada, e ninguém consegue entrar nela.`,
  },
  ja: {
    subject: (service) => `${service} のアカウントが削除されました`,
    happened: (service) =>
      `${service} のアカウントと、それについて保存されていたすべての情報が削除されました。`,
    why: (service) =>
      `このメールは、${service} にアカウントをお持ちだった方へ、削除のたびにお送りしています。このアカウントについての最後のメールです。`,
    next: (service) =>
      `ご希望による削除でない場合は、${service} に連絡してください。アカウントを元に戻すことはできず、誰もログインできません。`,
  },
};
