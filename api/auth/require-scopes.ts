import { AppError } from '../errors.ts'
import type { Scope, Viewer } from './viewer.ts'

/** Throws FORBIDDEN, naming the first scope that the credential does not have. */
export function requireScopes(viewer: Viewer, needed: readonly Scope[]): void {
  const requiredScope = needed.find((scope) => !viewer.scopes.includes(scope))
  if (requiredScope) throw new AppError('FORBIDDEN', `This needs the scope ${requiredScope}.`, { requiredScope })
}
