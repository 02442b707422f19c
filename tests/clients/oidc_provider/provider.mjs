// A real OpenID provider with people of its own, on loopback: node provider.mjs PORT BACK LEFT
import { Provider } from 'oidc-provider';

const [port, back, left] = process.argv.slice(2);

const people = {
  ada: { preferred_username: 'Ada@Contoso.example', email: 'ada.l@mail.example' },
  nora: { preferred_username: 'Nora@Northwind.example', email: 'nora@mail.example' },
  mia: { preferred_username: 'mia@elsewhere.example', email: 'Nora@Northwind.example' },
  bob: { preferred_username: 'bob@elsewhere.example', roles: ['reader'] },
  eve: { preferred_username: 'eve@elsewhere.example', roles: ['boss'] },
};
people.late = people.ada;
people.stale = people.ada;

const client = (id) => ({
  client_id: id,
  client_secret: `the secret of ${id}`,
  redirect_uris: [back],
  post_logout_redirect_uris: [left],
});

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [client('seatwright'), client('other')],
  claims: {
    openid: ['sub'],
    profile: ['preferred_username', 'roles'],
    email: ['email'],
  },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  ttl: {
    AuthorizationCode: (_, code) => (code.accountId === 'late' ? -10 : 60),
    IdToken: (_, token) => (token.available.sub === 'stale' ? -600 : 60),
  },
  cookies: { keys: ['of the tests alone'] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
});
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
