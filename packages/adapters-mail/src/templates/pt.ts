import type { Phrases } from './phrases.ts';

export const pt: Phrases = {
  subject: (service) => `Sua senha em ${service} foi alterada`,
  changed: (service) => `A senha da sua conta em ${service} foi alterada.`,
  when: 'Data e hora',
  address: 'Endereço IP',
  client: 'Dispositivo, segundo ele mesmo',
  unknown: 'não se sabe',
  wasYou: 'Se foi você, não precisa fazer nada.',
  wasNotYou: 'Se não foi você, siga este link:',
  button: 'Não fui eu: bloquear minha conta',
  copy: 'Se o botão não funcionar, abra este endereço:',
  effect:
    'Ele bloqueia sua conta imediatamente, encerra todas as sessões e revoga todas as chaves dela, em todos os serviços. Quem tem a senha não consegue desfazer isso.',
  until: (time) => `O link funciona até ${time}.`,
  note: (service) => `Mensagem de ${service}:`,
  why: (service) =>
    `Você recebe esta mensagem porque tem uma conta em ${service}. Ela é enviada após cada alteração da senha e não pode ser desativada.`,
};
