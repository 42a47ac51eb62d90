/**
 * The second wall, for every table that holds a user's rows: the database itself shows and takes only rows of the user
 * named in the transaction. Unset, or reset to '', no row matches. Background jobs work as `app_system`.
 */
const owner = `user_id = (select nullif(current_setting('app.user_id', true), ''))::uuid`

export function ownedTable<T extends string>(tableName: T) {
  return {
    tableName,
    rowLevelSecurity: 'force' as const,
    policies: [
      { name: `${tableName}_owner`, roles: ['app_user'], using: owner, check: owner },
      { name: `${tableName}_system`, roles: ['app_system'], using: 'true', check: 'true' },
    ],
  }
}
