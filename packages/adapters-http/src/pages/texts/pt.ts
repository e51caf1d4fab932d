import type { Texts } from './texts.ts';

export const pt: Texts = {
  confirm: {
    title: 'Foi você?',
    close: 'Pode fechar esta página.',
    nothingYet: 'Nada aconteceu ainda. Só este botão bloqueia a conta.',
    whatItDoes: 'O que o botão faz',
    effects: [
      'Todas as sessões são encerradas, em todos os dispositivos.',
      'A senha deixa de funcionar, assim como todas as chaves da conta.',
      'A conta continua bloqueada até ser aberta com um link que você recebe por e-mail.',
    ],
  },
  locked: {
    title: 'Sua conta está bloqueada',
    done: 'Todas as sessões foram encerradas, a senha não funciona mais e todas as chaves da conta foram revogadas. Ninguém consegue desfazer isso com a senha.',
    next: 'O que fazer agora',
    reopen: 'O serviço pode reabrir a conta para você.',
    steps: [
      'Se alguém pode ter entrado no seu e-mail, troque também essa senha.',
      'Se você usa a mesma senha em outros lugares, troque-a lá também.',
    ],
    recover: {
      title: 'Recupere você mesmo',
      lead: 'Quando ninguém mais tiver acesso à sua caixa de entrada, você pode reabrir a conta. Uma mensagem com um link vai para o endereço que a conta tinha antes de tudo isso.',
      button: 'Recuperar minha conta',
      done: {
        title: 'Uma mensagem está a caminho',
        paragraphs: [
          'Com o link dela você escolhe uma nova senha e reabre a conta. Ele funciona por um dia.',
          'Ela vai para o endereço que a conta tinha antes de outra pessoa tê-la.',
        ],
      },
    },
  },
  grant: {
    password: 'Senha',
    nothingYet: 'Nada aconteceu ainda.',
    next: 'O que acontece depois',
    register: {
      effects: [
        'A conta é criada, com este e-mail e a sua senha.',
        'Uma mensagem avisa que ela foi criada.',
      ],
      done: 'Sua conta está pronta',
      after: (service) => `Agora você pode entrar em ${service} com este e-mail e a sua senha.`,
    },
    register_known: {
      effects: ['Sua conta pode ser usada lá também. O nome e a senha continuam como estão.'],
      done: 'Você pode usar sua conta lá',
      after: (service) => `Entre em ${service} com a senha que a sua conta já tem.`,
    },
    reset_password: {
      effects: [
        'A senha antiga deixa de funcionar.',
        'Todas as sessões são encerradas, em todos os dispositivos.',
        'Uma mensagem avisa que a senha foi definida.',
      ],
      done: 'Sua nova senha está definida',
      after: (service) =>
        `A partir de agora só a nova senha funciona. Entre em ${service} com ela.`,
    },
    validate_email: {
      effects: ['O endereço consta como confirmado. Nada mais muda.'],
      done: 'Seu endereço está confirmado',
      after: (service) =>
        `As mensagens de ${service} chegam até você neste endereço. Você pode fechar esta página.`,
    },
    invite: {
      effects: [
        'Você pode entrar com este e-mail e a sua senha.',
        'Uma mensagem avisa que uma senha foi definida.',
      ],
      done: 'Você já pode entrar',
      after: (service) => `Use em ${service} este e-mail e a sua senha.`,
    },
    recover: {
      effects: [
        'A conta é reaberta, com a nova senha. Senhas anteriores não valem mais.',
        'As chaves e os segundos fatores da conta não existem mais. Você os cria de novo.',
        'Uma mensagem avisa que a conta está aberta.',
      ],
      done: 'Sua conta está aberta de novo',
      after: (service) =>
        `Entre em ${service} com a nova senha. As chaves e os segundos fatores precisam ser criados de novo.`,
    },
  },
  used: {
    title: 'Este link já foi usado',
    at: (time) => `Ele foi usado, ou outro link tomou o lugar dele, neste momento: ${time}.`,
    again: 'Se ainda precisar de um, peça outro onde você pediu este.',
    open: 'A conta não está bloqueada. Se não foi você que a abriu de novo, use o link da última mensagem sobre ela ou peça ao serviço que a bloqueie.',
    lockedSince: (time) => `Ela está bloqueada desde ${time}.`,
    lockedRest: 'Ninguém consegue entrar nela, e não há mais nada a fazer com este link.',
  },
  help: 'Dúvidas? Você encontra ajuda aqui:',
  start: {
    title: (service) => `Contas em ${service}`,
    lead: (service) => `Este servidor guarda as senhas de ${service}. Aqui você cuida da sua.`,
    docs: 'Documentação para desenvolvedores',
  },
  forgot: {
    title: 'Esqueceu sua senha?',
    lead: (service) =>
      `Informe o e-mail da sua conta em ${service}. Enviamos um link com o qual você cria uma nova senha.`,
    button: 'Enviar o link',
    done: {
      title: 'Veja sua caixa de entrada',
      paragraphs: [
        'Se este endereço tiver uma conta aqui, uma mensagem com um link está a caminho.',
        'Se nada chegar, procure entre as mensagens indesejadas e confira se o endereço é o da sua conta.',
        'A senha antiga funciona até você usar o link.',
      ],
    },
  },
  dead: {
    title: 'Este link não funciona mais',
    paragraphs: [
      'Ele expirou, a senha ou o e-mail foi alterado depois, ou falta uma parte dele.',
      'Abra o link da mensagem mais uma vez, por inteiro. Se você o pediu e ainda precisa dele, peça outro.',
      'Se a mensagem avisa de algo que você não fez, peça ao serviço que bloqueie a conta.',
    ],
  },
  gone: {
    title: 'Esta conta foi excluída',
    paragraphs: [
      'A conta de que trata o e-mail não existe mais: ela foi excluída, com tudo o que se guardava sobre ela.',
      'Não há nada a fazer aqui, e ninguém mais consegue entrar com ela.',
    ],
  },
  lost: {
    title: 'Abra o link mais uma vez',
    paragraphs: [
      'O seu navegador não guardou o link, ou já o esqueceu. Nada foi feito.',
      'Abra o link do e-mail mais uma vez. Se esta página voltar a aparecer, permita cookies para este site ou abra o link em outro navegador.',
    ],
  },
  foreign: {
    title: 'Use o link do e-mail',
    paragraphs: [
      'Esta solicitação veio de outro site, por isso nada foi feito.',
      'Abra o link do e-mail e aperte o botão da página que ele abre.',
    ],
  },
  later: {
    title: 'Tente de novo daqui a pouco',
    paragraphs: ['Isso não é possível agora, e nada foi feito. O link continua válido.'],
  },
  broken: {
    title: 'Algo deu errado',
    paragraphs: ['O erro é nosso. Volte e tente de novo em um minuto.'],
    number: (id) => `Se acontecer outra vez, informe este número ao operador: ${id}`,
  },
  change: {
    title: 'Alterar a senha',
    lead: (service) =>
      `Para a sua conta em ${service}. Seus outros dispositivos serão desconectados, e você receberá um e-mail sobre a alteração.`,
    email: 'E-mail',
    password: 'Senha atual',
    newPassword: 'Nova senha',
    rule: 'Pelo menos {min} caracteres. Várias palavras formam uma boa senha.',
    show: 'Mostrar senhas',
    button: 'Alterar senha',
    code: 'Código do seu aplicativo',
    codeHint:
      'Se a sua conta pedir: seis dígitos do seu aplicativo autenticador, ou um código de recuperação.',
    done: {
      title: 'Sua senha foi alterada',
      paragraphs: [
        'A partir de agora só a nova funciona, e seus outros dispositivos foram desconectados.',
        'Um e-mail sobre a alteração está a caminho. Você pode fechar esta página.',
      ],
    },
  },
  passkeys: {
    title: 'As suas chaves de acesso',
    lead: (service) =>
      `Entre em ${service} com o seu dispositivo em vez de uma senha: com o PIN, a impressão digital ou o rosto.`,
    needsScript: 'Esta página precisa de JavaScript. Ative-o para este site e recarregue a página.',
    cannot: 'Este navegador não conhece chaves de acesso. Um mais recente conhece.',
    withPasskey: 'Entrar com uma chave de acesso',
    orPassword: 'Ou com a sua senha:',
    withPassword: 'Entrar',
    code: 'Código da sua aplicação ou um código de recuperação',
    none: 'Esta conta ainda não tem nenhuma chave de acesso.',
    name: 'Nome da nova chave de acesso',
    add: 'Adicionar uma chave de acesso',
    leave: 'Sair',
    says: {
      welcome: 'Entrou como {email}.',
      added: 'A chave de acesso foi adicionada. Um e-mail sobre isso está a caminho.',
      removed: 'A chave de acesso foi removida. Um e-mail sobre isso está a caminho.',
      remove: 'Remover {name}',
      used: 'usada pela última vez em {day}',
      never: 'ainda não usada',
      unknown: 'Com esta chave de acesso não é possível entrar aqui.',
      credentials: 'O endereço de e-mail ou a senha não está certo.',
      code: 'O código não está certo.',
      cancelled: 'Nada foi feito: o dispositivo não respondeu, ou você cancelou.',
      many: 'Agora não é possível adicionar chaves de acesso. Uma conta tem 20 no máximo.',
    },
  },
  script: {
    factor: 'Sua conta pede também um código. Digite-o.',
    busy: 'Alterando…',
    strengths: [
      'Fácil demais de adivinhar',
      'Fácil de adivinhar',
      'Poderia ser mais forte',
      'Difícil de adivinhar',
      'Muito difícil de adivinhar',
    ],
    required: 'Preencha este campo.',
    email: 'Confira o e-mail.',
    reasons: {
      malformed: 'Esta senha contém caracteres inválidos. Escolha outra.',
      too_short: 'Use pelo menos {min} caracteres.',
      too_long: 'Use no máximo 128 caracteres.',
      common: 'Muita gente usa esta senha. Escolha outra.',
      contains_email: 'A senha não pode conter o nome do seu e-mail.',
      contains_service: 'A senha não pode conter o nome do serviço.',
      same_as_current: 'Esta é a sua senha atual. Escolha outra.',
      used_before: 'Você já teve esta senha. Escolha outra.',
    },
    credentials: 'O e-mail ou a senha atual não está correto.',
    credentialsOrCode: 'O e-mail, a senha atual ou o código não está correto.',
    wait: 'Houve tentativas demais. Tente de novo em {time}.',
    later: 'Isso não é possível agora. Nada foi alterado. Tente de novo em um minuto.',
    offline:
      'Não houve resposta. Verifique sua conexão e entre na conta para ver qual senha funciona.',
  },
};
