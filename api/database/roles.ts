/**
 * What the database must have before the first migration. Run by a superuser; running it again changes nothing.
 *
 * The owner makes the tables. It inherits nothing, so that a forgotten identity sees no rows instead of all: requests
 * become `app_user`, background jobs `app_system`, each inside a transaction.
 */
export function rolesSql({ owner, database }: { owner: string; database: string }): string {
  const [role, db] = [quoted(owner), quoted(database)]
  return [
    ...['app_user', 'app_system', owner].map(createRole),
    `alter role ${role} noinherit`,
    grantWithoutInheriting(role),
    `grant create on database ${db} to ${role}`,
    `alter schema public owner to ${role}`,
    'grant usage on schema public to app_user, app_system',
  ].join(';\n')
}

function createRole(name: string): string {
  return block(`
    if not exists (select from pg_roles where rolname = ${literal(name)}) then create role ${quoted(name)} nologin noinherit; end if;
  exception when duplicate_object or unique_violation then null; -- another process was faster
  `)
}

/**
 * From PostgreSQL 16 on, each grant has its own word on inheriting, and one given earlier would stay as it was. Older
 * ones do not know the words, hence `execute`.
 */
function grantWithoutInheriting(owner: string): string {
  return block(`
    if current_setting('server_version_num')::int >= 160000
    then execute ${literal(`grant app_user, app_system to ${owner} with inherit false, set true`)};
    else grant app_user, app_system to ${owner};
    end if;
  `)
}

/** Statements with conditions. As a literal and not between dollars, which a name might have too. */
export const block = (statements: string) => `do ${literal(`begin ${statements} end`)}`

export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

export const literal = (text: string) => `'${text.replaceAll("'", "''")}'`
