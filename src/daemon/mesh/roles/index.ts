/** What peers may give and get: the roles that an operator assigns, and gossip that obeys them. */

export { type PeerRole, PeerRoles, type RoleLists } from './roles.ts';
export { type WithholdInit, withhold } from './withhold.ts';
