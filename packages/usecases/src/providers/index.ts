import type { Ports } from '../ports/index.ts';
import { AddLink } from './add-link.ts';
import { AddLinkWithToken } from './add-link-with-token.ts';
import { AskProvider } from './ask-provider.ts';
import { ListLinks } from './list-links.ts';
import { RemoveLink } from './remove-link.ts';
import { SignIn } from './sign-in.ts';
import { SignInWithToken } from './sign-in-with-token.ts';

export const providers = (ports: Ports) => ({
  askProvider: new AskProvider(ports),
  signIn: new SignIn(ports),
  signInWithToken: new SignInWithToken(ports),
  addLink: new AddLink(ports),
  addLinkWithToken: new AddLinkWithToken(ports),
  listLinks: new ListLinks(ports),
  removeLink: new RemoveLink(ports),
});
